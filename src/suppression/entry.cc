#include "rampart/suppression/entry.h"

#include <array>
#include <utility>

namespace rampart::suppression {
namespace {

constexpr std::array<std::pair<Reason, std::string_view>, 5> kReasons{{
    {Reason::Hard, "hard"},
    {Reason::Soft, "soft"},
    {Reason::Import, "import"},
    {Reason::Operator, "operator"},
    {Reason::Complaint, "complaint"},
}};

}  // namespace

std::string_view to_string(Reason reason) noexcept {
  for (const auto& [value, name] : kReasons) {
    if (value == reason) {
      return name;
    }
  }
  return "operator";
}

std::optional<Reason> parse_reason(std::string_view text) noexcept {
  for (const auto& [value, name] : kReasons) {
    if (name == text) {
      return value;
    }
  }
  return std::nullopt;
}

std::string_view to_string(Change::Kind kind) noexcept {
  switch (kind) {
    case Change::Kind::Added:
      return "added";
    case Change::Kind::Removed:
      return "removed";
    case Change::Kind::Expired:
      return "expired";
    case Change::Kind::Lifted:
      return "lifted";
    case Change::Kind::Contradicted:
      return "contradicted";
    case Change::Kind::Pending:
      return "pending";
    case Change::Kind::Cleared:
      return "cleared";
    case Change::Kind::Confirmed:
      return "confirmed";
  }
  return "added";
}

}  // namespace rampart::suppression
