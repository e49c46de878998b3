#include "key.h"

#include <algorithm>
#include <utility>

#include "rampart/base/text.h"
#include "rampart/suppression/entry.h"

namespace rampart::suppression {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";  // U+FEFF, which nobody sees

bool is_non_ascii(char c) noexcept {
  return static_cast<unsigned char>(c) >= 0x80;
}

// RFC 5322 3.2.3 atext, and UTF-8 as RFC 6531 3.3 adds it.
bool is_atext(char c) noexcept {
  constexpr std::string_view kSpecials = "!#$%&'*+-/=?^_`{|}~";
  return base::is_alnum(c) || is_non_ascii(c) || kSpecials.find(c) != std::string_view::npos;
}

bool is_dot_string(std::string_view text) noexcept {
  return !text.empty() && text.front() != '.' && text.back() != '.' &&
         text.find("..") == std::string_view::npos &&
         std::all_of(text.begin(), text.end(), [](char c) { return is_atext(c) || c == '.'; });
}

// What a quoted string stands for; nullopt if the text is not one quoted string.
std::optional<std::string> unquote(std::string_view text) {
  if (text.size() < 2 || text.front() != '"' || text.back() != '"') {
    return std::nullopt;
  }
  std::string content;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '"') {
      return std::nullopt;
    }
    if (text[i] == '\\' && ++i + 1 == text.size()) {
      return std::nullopt;
    }
    content += text[i];
  }
  return content;
}

// Postfix logs "user" for a recipient given as "\"user\"": quotes that are not needed mean nothing
// (RFC 5321 4.1.2), and must not lead around an entry.
std::string canonical_local_part(std::string_view written, const Options& options) {
  std::string local_part(written);
  if (auto content = unquote(written); content && is_dot_string(*content)) {
    local_part = std::move(*content);
  }
  if (options.fold_local_part) {
    local_part = base::to_lower(local_part);
  }
  if (options.ignore_subaddress && local_part.find('"') == std::string::npos) {
    const std::size_t plus = local_part.find('+');
    if (plus != std::string::npos && plus > 0) {
      local_part.resize(plus);
    }
  }
  return local_part;
}

// The '@' before the domain: the last one outside quotes.
std::size_t find_at(std::string_view text) noexcept {
  std::size_t found = std::string_view::npos;
  bool is_quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && is_quoted) {
      ++i;
    } else if (text[i] == '"') {
      is_quoted = !is_quoted;
    } else if (text[i] == '@' && !is_quoted) {
      found = i;
    }
  }
  return found;
}

// The first character that no domain in a list has; npos if none. Bytes that are not ASCII are for
// IDNA to judge.
std::size_t find_bad_in_domain(std::string_view text) noexcept {
  if (text.starts_with('[')) {
    return std::string_view::npos;
  }
  const auto bad = std::find_if(text.begin(), text.end(), [](char c) {
    return !base::is_alnum(c) && !is_non_ascii(c) && c != '.' && c != '-' && c != '_';
  });
  return bad == text.end() ? std::string_view::npos : static_cast<std::size_t>(bad - text.begin());
}

// Stray dots are let through: some operators gave out such addresses. So is a quoted string.
std::size_t find_bad_in_local_part(std::string_view text) noexcept {
  if (unquote(text)) {
    return std::string_view::npos;
  }
  const auto bad =
      std::find_if(text.begin(), text.end(), [](char c) { return !is_atext(c) && c != '.'; });
  return bad == text.end() ? std::string_view::npos : static_cast<std::size_t>(bad - text.begin());
}

std::string unexpected(char c) {
  if (base::is_blank(c)) {
    return "unexpected blank";
  }
  return static_cast<unsigned char>(c) < ' ' || c == 0x7f
             ? "control byte"
             : "unexpected " + base::in_quotes({&c, 1});
}

std::nullopt_t fail(KeyProblem& problem, std::size_t at, std::string text) {
  problem.at = at;
  problem.text = std::move(text);
  return std::nullopt;
}

}  // namespace

std::optional<std::string> read_key(std::string_view text,
                                    const Options& options,
                                    KeyProblem& problem) {
  const std::string_view whole = text;
  const std::size_t start = text.starts_with('<') ? 1 : 0;
  if (start == 1) {
    if (!text.ends_with('>')) {
      return fail(problem, 0, "no > in " + base::in_quotes(whole));
    }
    text = text.substr(1, text.size() - 2);
  }
  if (const std::size_t mark = text.find(kByteOrderMark); mark != text.npos) {
    return fail(problem, start + mark, "byte order mark in " + base::in_quotes(whole));
  }
  const std::size_t at = find_at(text);
  if (at == std::string_view::npos) {
    return fail(problem, start, "no @ in " + base::in_quotes(whole));
  }
  const std::string_view local_part = text.substr(0, at);
  const std::string_view domain_text = text.substr(at + 1);
  if (const std::size_t bad = find_bad_in_local_part(local_part); bad != local_part.npos) {
    return fail(problem, start + bad,
                unexpected(local_part[bad]) + " in " + base::in_quotes(whole));
  }
  if (domain_text.empty()) {
    return fail(problem, start + at + 1, "no domain after @ in " + base::in_quotes(whole));
  }
  if (const std::size_t bad = find_bad_in_domain(domain_text); bad != domain_text.npos) {
    return fail(problem, start + at + 1 + bad,
                unexpected(domain_text[bad]) + " in " + base::in_quotes(whole));
  }
  const auto domain = mail::parse_domain(domain_text);
  // IDNA makes ASCII of full-width forms: "?" may only now be there.
  if (!domain || find_bad_in_domain(domain->text()) != std::string_view::npos) {
    return fail(problem, start + at + 1, "bad domain in " + base::in_quotes(whole));
  }
  if (local_part.empty()) {
    return domain_key(*domain);
  }
  const auto address = mail::parse_address(text);
  if (!address) {
    return fail(problem, start, "bad address " + base::in_quotes(whole));
  }
  std::string key = canonical_key(*address, options);
  if (key.starts_with("*@")) {
    return fail(problem, start,
                "no patterns: " + base::in_quotes(domain_key(*domain)) + " is the whole domain");
  }
  return key;
}

std::string canonical_key(const mail::Address& address, const Options& options) {
  std::string key = canonical_local_part(address.local_part, options);
  if (!address.domain.empty()) {
    key += '@';
    key += address.domain.text();
  }
  return key;
}

std::string domain_key(const mail::Domain& domain) {
  return '@' + domain.text();
}

std::optional<std::string> parse_key(std::string_view text, const Options& options) {
  KeyProblem ignored;
  return read_key(base::trim(text), options, ignored);
}

}  // namespace rampart::suppression
