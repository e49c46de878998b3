#include <cstdint>
#include <cstdlib>
#include <string>

#include "../../src/config/load.h"

namespace {

// Small tables, no other files.
class NoFiles final : public rampart::config::Files {
 public:
  rampart::base::Result<std::string> read(const std::string& path,
                                          rampart::config::Trust trust) const override {
    if (const auto good = probe(path, trust); !good) {
      return good.error();
    }
    return std::string();
  }
  rampart::base::Result<> probe(const std::string& path, rampart::config::Trust) const override {
    if (path.starts_with("/tables/")) {
      return rampart::base::Ok{};
    }
    return rampart::base::Error{rampart::base::Error::Kind::NotFound, "none"};
  }
  std::vector<std::string> table_directories() const override { return {"/tables"}; }
};

}  // namespace

// Any text gives a configuration or at least one error, and findings are single lines.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(data, data + size);
  const auto loaded = rampart::config::load_text("fuzz.toml", text, "/tables", NoFiles());
  bool has_error = false;
  for (const auto& problem : loaded.problems) {
    has_error = has_error || problem.is_error;
    if (to_string(problem).find_first_of("\n\x1b") != std::string::npos) {
      std::abort();
    }
  }
  if (has_error == (loaded.config != nullptr)) {
    std::abort();
  }
  return 0;
}
