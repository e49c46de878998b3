rampart_fuzz(ramp_codec SOURCE ramp_codec_fuzz.cc DEPENDS ramp)
