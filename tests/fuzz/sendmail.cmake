rampart_fuzz(sendmail_line SOURCE sendmail_fuzz.cc DEPENDS report)
