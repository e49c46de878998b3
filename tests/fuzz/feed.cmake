rampart_fuzz(mbox SOURCE mbox_fuzz.cc DEPENDS feed)
target_include_directories(fuzz_mbox PRIVATE ${PROJECT_SOURCE_DIR}/src)
