rampart_fuzz(classify SOURCE reply_fuzz.cc DEPENDS reply)
