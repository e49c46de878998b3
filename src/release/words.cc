#include "words.h"

#include <string_view>

#include "rampart/base/text.h"

namespace rampart::release {
namespace {

constexpr std::size_t kComplaintBytes = 300;

}  // namespace

std::string complaint_of(const base::ProgramResult& result) {
  std::string_view errors = base::trim(result.errors);
  if (const std::size_t end = errors.rfind('\n'); end != std::string_view::npos) {
    errors.remove_prefix(end + 1);
  }
  return errors.empty() && result.exit_code != 0 ? "exit status " + std::to_string(result.exit_code)
                                                 : base::printable(errors, kComplaintBytes);
}

base::Error failed(const std::string& program, const base::ProgramResult& result) {
  return {base::Error::Kind::Unavailable, program + ": " + complaint_of(result)};
}

}  // namespace rampart::release
