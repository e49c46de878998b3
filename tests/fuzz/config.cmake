rampart_fuzz(config SOURCE config_fuzz.cc DEPENDS config)
