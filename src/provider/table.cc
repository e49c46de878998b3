#include "rampart/provider/table.h"

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <unordered_map>
#include <utility>

#include "rampart/base/text.h"

#include "public_suffix.h"

namespace rampart::provider {
namespace {

constexpr std::size_t kNameBytesMax = 40;
constexpr std::size_t kHostBytesMax = 255;  // RFC 5321 4.5.3.1.2
constexpr std::size_t kUrlBytesMax = 500;

// Look-ups by view, without a copy.
struct ViewHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const noexcept {
    return std::hash<std::string_view>{}(text);
  }
};
using NamesByText = std::unordered_map<std::string, std::string, ViewHash, std::equal_to<>>;

bool is_name(std::string_view text) noexcept {
  return !text.empty() && text.size() <= kNameBytesMax &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return base::is_lower(c) || base::is_digit(c) || c == '_' || c == '-';
         });
}

// The page is shown as a link: no other scheme, nothing that could end an attribute.
bool is_url(std::string_view text) noexcept {
  return text.size() <= kUrlBytesMax &&
         (text.starts_with("https://") || text.starts_with("http://")) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return c > ' ' && c < 0x7f && c != '"' && c != '\'' && c != '<' && c != '>';
         });
}

// "*.google.com", ".google.com" and "google.com" mean the same suffix.
std::string_view without_wildcard(std::string_view pattern) noexcept {
  if (pattern.starts_with('*')) {
    return pattern.starts_with("*.") ? pattern.substr(2) : std::string_view{};
  }
  return pattern.starts_with('.') ? pattern.substr(1) : pattern;
}

class Complaints {
 public:
  void add(const std::string& where, const std::string& what) {
    text_ += (text_.empty() ? "" : "\n") + (where.empty() ? "" : where + ": ") + "error: " + what;
  }
  [[nodiscard]] const std::string& text() const noexcept { return text_; }

 private:
  std::string text_;
};

void claim(NamesByText& names, const std::string& key, const ProviderSpec& spec, Complaints& bad) {
  const auto [found, added] = names.try_emplace(key, spec.name);
  if (!added && found->second != spec.name) {
    bad.add(spec.where, base::in_quotes(key) + " belongs to provider " +
                            base::in_quotes(found->second) + ", so not to " +
                            base::in_quotes(spec.name));
  }
}

}  // namespace

struct Table::Data {
  std::map<std::string, std::string, std::less<>> urls;  // every name, in order
  NamesByText domains;
  NamesByText suffixes;

  void add(const ProviderSpec& spec, Complaints& bad) {
    if (!is_name(spec.name)) {
      bad.add(spec.where, "bad provider name " + base::in_quotes(spec.name) +
                              ": 1 to 40 lower-case letters, digits, \"_\" and \"-\"");
      return;
    }
    std::string& url = urls[spec.name];
    if (!spec.url.empty() && !is_url(spec.url)) {
      bad.add(spec.where,
              "bad url " + base::in_quotes(spec.url) + ": http:// or https:// is wanted");
    } else if (!spec.url.empty()) {
      url = spec.url;
    }
    for (const std::string& text : spec.domains) {
      const auto domain = mail::parse_domain(text);
      if (!domain || text.starts_with('*')) {
        bad.add(spec.where, "bad domain " + base::in_quotes(text));
      } else {
        claim(domains, domain->text(), spec, bad);
      }
    }
    for (const std::string& text : spec.mx) {
      const auto suffix = mail::parse_domain(without_wildcard(text));
      if (!suffix || suffix->is_literal() || suffix->text().find('*') != std::string::npos) {
        bad.add(spec.where, "bad mx " + base::in_quotes(text));
      } else if (is_registry_suffix(suffix->text())) {
        bad.add(spec.where,
                "mx " + base::in_quotes(text) + " is a public suffix, too many hosts match");
      } else {
        claim(suffixes, suffix->text(), spec, bad);
      }
    }
  }
};

base::Result<Table> Table::build(const std::vector<ProviderSpec>& specs) {
  auto data = std::make_unique<Data>();
  Complaints bad;
  for (const ProviderSpec& spec : specs) {
    data->add(spec, bad);
  }
  if (!bad.text().empty()) {
    return base::Error{base::Error::Kind::InvalidInput, bad.text()};
  }
  return Table(std::move(data));
}

Table::Table(std::unique_ptr<Data> data) : data_(std::move(data)) {}
Table::Table(const Table&) noexcept = default;
Table& Table::operator=(const Table&) noexcept = default;
Table::Table(Table&&) noexcept = default;
Table& Table::operator=(Table&&) noexcept = default;
Table::~Table() = default;

std::string_view Table::find_by_domain(const mail::Domain& domain) const noexcept {
  const auto found = data_->domains.find(domain.text());
  return found == data_->domains.end() ? std::string_view{} : found->second;
}

std::string_view Table::find_by_host(std::string_view host) const noexcept {
  if (host.ends_with('.')) {
    host.remove_suffix(1);
  }
  std::array<char, kHostBytesMax> buffer{};
  if (host.empty() || host.size() > buffer.size()) {
    return {};
  }
  std::transform(host.begin(), host.end(), buffer.begin(),
                 [](char c) { return base::to_lower(c); });
  std::string_view rest(buffer.data(), host.size());
  for (;;) {  // from the longest suffix to the shortest
    if (const auto found = data_->suffixes.find(rest); found != data_->suffixes.end()) {
      return found->second;
    }
    const std::size_t dot = rest.find('.');
    if (dot == std::string_view::npos) {
      return {};
    }
    rest.remove_prefix(dot + 1);
  }
}

std::vector<std::string> Table::domains_of(std::string_view name) const {
  std::vector<std::string> found;
  for (const auto& [domain, owner] : data_->domains) {
    if (owner == name) {
      found.push_back(domain);
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::string_view Table::url(std::string_view name) const noexcept {
  const auto found = data_->urls.find(name);
  return found == data_->urls.end() ? std::string_view{} : found->second;
}

std::vector<std::string_view> Table::names() const {
  std::vector<std::string_view> names;
  names.reserve(data_->urls.size());
  for (const auto& [name, url] : data_->urls) {
    names.push_back(name);
  }
  return names;
}

bool Table::is_named(std::string_view name) const noexcept {
  return data_->urls.find(name) != data_->urls.end();
}

}  // namespace rampart::provider
