#include "public_suffix.h"

#include <algorithm>
#include <memory>

#include <libpsl.h>

#include "rampart/base/text.h"
#include "rampart/provider/table.h"

namespace rampart::provider {
namespace {

// psl_latest takes the newer of the system's list and the one built into the library.
const psl_ctx_t* list() noexcept {
  static const std::unique_ptr<psl_ctx_t, decltype(&psl_free)> kList(psl_latest(nullptr),
                                                                     &psl_free);
  return kList.get();
}

// "192.0.2.1" written without brackets is no name; the list would make "2.1" of it. No top-level
// domain is all digits (RFC 3696 section 2).
bool ends_in_number(const std::string& text) noexcept {
  const std::size_t dot = text.rfind('.');
  const auto first = text.begin() + static_cast<std::ptrdiff_t>(dot == text.npos ? 0 : dot + 1);
  return std::all_of(first, text.end(), base::is_digit);
}

}  // namespace

std::string registrable_domain(const mail::Domain& domain) {
  const std::string& text = domain.text();
  if (text.empty() || domain.is_literal() || ends_in_number(text) || list() == nullptr) {
    return text;
  }
  const char* registrable = psl_registrable_domain(list(), text.c_str());
  return registrable == nullptr ? text : std::string(registrable);
}

bool is_registry_suffix(const std::string& domain) noexcept {
  return list() != nullptr &&
         psl_is_public_suffix2(list(), domain.c_str(), PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) == 1;
}

}  // namespace rampart::provider
