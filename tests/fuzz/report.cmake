rampart_fuzz(postfix_line SOURCE report_fuzz.cc DEPENDS report)
