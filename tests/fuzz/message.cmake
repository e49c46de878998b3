rampart_fuzz(message SOURCE message_fuzz.cc DEPENDS report)
