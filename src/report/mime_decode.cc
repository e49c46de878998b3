#include "mime_decode.h"

#include <array>
#include <chrono>
#include <utility>

#include "rampart/base/base64.h"
#include "rampart/base/hex.h"
#include "rampart/base/month.h"
#include "rampart/base/text.h"

#include "mime.h"

namespace rampart::report {
namespace {

// Takes "=?charset?B?...?=" off the front.
bool consume_word(std::string_view& text, std::string& out) {
  if (!text.starts_with("=?")) {
    return false;
  }
  const std::size_t charset_end = text.find('?', 2);
  if (charset_end == std::string_view::npos || charset_end + 2 >= text.size() ||
      text[charset_end + 2] != '?') {
    return false;
  }
  const char encoding = base::to_lower(text[charset_end + 1]);
  const std::size_t start = charset_end + 3;
  const std::size_t end = text.find("?=", start);
  if (end == std::string_view::npos || (encoding != 'b' && encoding != 'q')) {
    return false;
  }
  const std::string_view inner = text.substr(start, end - start);
  out += encoding == 'b' ? decode_base64(inner) : decode_quoted_printable(inner, true);
  text.remove_prefix(end + 2);
  return true;
}

constexpr std::array<std::pair<std::string_view, int>, 11> kZones{{{"gmt", 0},
                                                                   {"utc", 0},
                                                                   {"ut", 0},
                                                                   {"z", 0},
                                                                   {"est", -5},
                                                                   {"edt", -4},
                                                                   {"cst", -6},
                                                                   {"cdt", -5},
                                                                   {"mst", -7},
                                                                   {"pst", -8},
                                                                   {"pdt", -7}}};

std::optional<std::chrono::minutes> zone_offset(std::string_view zone) {
  if (zone.size() == 5 && (zone[0] == '+' || zone[0] == '-')) {
    const auto digits = base::parse_uint(zone.substr(1));
    if (!digits || *digits > 1459) {
      return std::nullopt;
    }
    const auto minutes = static_cast<int>(*digits / 100 * 60 + *digits % 100);
    return std::chrono::minutes(zone[0] == '-' ? -minutes : minutes);
  }
  for (const auto& [name, hours] : kZones) {
    if (base::equal_ignoring_case(zone, name)) {
      return std::chrono::hours(hours);
    }
  }
  return std::nullopt;
}

std::string_view take_word(std::string_view& text) noexcept {
  text = base::trim(text);
  const std::size_t end = text.find_first_of(" \t,");
  const std::string_view word = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return word;
}

// "00:04:19" or "00:04".
std::optional<std::chrono::seconds> parse_time_of_day(std::string_view text) {
  const auto parts = base::split(text, ':');
  if (parts.size() < 2 || parts.size() > 3) {
    return std::nullopt;
  }
  const auto hours = base::parse_uint(parts[0]);
  const auto minutes = base::parse_uint(parts[1]);
  const auto seconds = parts.size() == 3 ? base::parse_uint(parts[2]) : std::optional(0UL);
  if (!hours || !minutes || !seconds || *hours > 23 || *minutes > 59 || *seconds > 60) {
    return std::nullopt;
  }
  return std::chrono::seconds(*hours * 3600 + *minutes * 60 + *seconds);
}

bool starts_with_word(std::string_view text, std::string_view word) noexcept {
  return base::equal_ignoring_case(text.substr(0, word.size()), word);
}

// A tag's effect on the text; `tag` is what stands between '<' and '>'.
void apply_tag(std::string_view tag, std::string& out) {
  constexpr std::array<std::string_view, 12> kBreaks{"br", "p",  "/p",  "div", "/div", "tr",
                                                     "li", "td", "/td", "pre", "h",    "/table"};
  if (tag.find('@') != std::string_view::npos && tag.find('=') == std::string_view::npos) {
    out += '<';
    out += tag;
    out += '>';
    return;
  }
  for (const std::string_view name : kBreaks) {
    if (starts_with_word(tag, name)) {
      out += '\n';
      return;
    }
  }
}

constexpr std::array<std::pair<std::string_view, char>, 9> kEntities{{{"&lt;", '<'},
                                                                      {"&gt;", '>'},
                                                                      {"&amp;", '&'},
                                                                      {"&quot;", '"'},
                                                                      {"&nbsp;", ' '},
                                                                      {"&#39;", '\''},
                                                                      {"&#64;", '@'},
                                                                      {"&#43;", '+'},
                                                                      {"&#8203;", ' '}}};

}  // namespace

std::string decode_base64(std::string_view text) {
  return with_line_feeds(base::decode_base64_of_mail(text));
}

std::string decode_quoted_printable(std::string_view text, bool word) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '_' && word) {
      out += ' ';
      continue;
    }
    if (c != '=') {
      out += c;
      continue;
    }
    std::size_t end = i + 1;
    while (end < text.size() && base::is_blank(text[end])) {
      ++end;
    }
    if (end < text.size() && text[end] == '\n') {  // soft line break
      i = end;
      continue;
    }
    const int high = i + 2 < text.size() ? base::hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? base::hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      out += c;
      continue;
    }
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return with_line_feeds(out);
}

std::string decode_transfer(std::string_view encoding, std::string_view body) {
  const std::string name = base::to_lower(encoding.substr(0, encoding.find_first_of("; \t(")));
  if (name == "base64") {
    return decode_base64(body);
  }
  if (name == "quoted-printable") {
    return decode_quoted_printable(body, false);
  }
  return std::string(body);
}

std::string decode_words(std::string_view value) {
  std::string out;
  bool after_word = false;
  while (!value.empty()) {
    std::string_view ahead = value;
    while (after_word && !ahead.empty() && base::is_blank(ahead[0])) {
      ahead.remove_prefix(1);  // blanks between two encoded-words do not count
    }
    if (consume_word(ahead, out)) {
      value = ahead;
      after_word = true;
      continue;
    }
    after_word = false;
    out += value[0];
    value.remove_prefix(1);
  }
  return out;
}

base::WallTime parse_mail_date(std::string_view value) {
  std::string_view word = take_word(value);
  if (!word.empty() && base::is_alpha(word[0])) {  // the day of the week
    while (!value.empty() && (base::is_blank(value[0]) || value[0] == ',')) {
      value.remove_prefix(1);
    }
    word = take_word(value);
  }
  const auto day = base::parse_uint(word);
  const auto month = base::parse_month(take_word(value).substr(0, 3));
  auto year = base::parse_uint(take_word(value));
  const auto time = parse_time_of_day(take_word(value));
  const auto offset = zone_offset(take_word(value));
  if (year && *year < 100) {
    *year += *year < 50 ? 2000U : 1900U;
  }
  if (!day || !month || !year || !time || *day > 31 || *year < 1970 || *year > 9999) {
    return {};
  }
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)), *month,
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) {
    return {};
  }
  const base::WallTime result =
      std::chrono::sys_days(date) + *time - offset.value_or(std::chrono::minutes(0));
  return result < base::WallTime{} ? base::WallTime{} : result;
}

std::string html_to_text(std::string_view html) {
  std::string out;
  std::string_view hidden;  // "style" or "script" while inside
  for (std::size_t i = 0; i < html.size(); ++i) {
    if (html[i] == '<') {
      const std::size_t end = html.find('>', i);
      if (end == std::string_view::npos) {
        break;
      }
      const std::string_view tag = html.substr(i + 1, end - i - 1);
      if (!hidden.empty()) {
        hidden = tag.starts_with('/') && starts_with_word(tag.substr(1), hidden)
                     ? std::string_view()
                     : hidden;
      } else if (starts_with_word(tag, "style")) {
        hidden = "style";
      } else if (starts_with_word(tag, "script")) {
        hidden = "script";
      } else {
        apply_tag(tag, out);
      }
      i = end;
      continue;
    }
    if (!hidden.empty()) {
      continue;
    }
    if (html[i] == '&') {
      bool known = false;
      for (const auto& [name, byte] : kEntities) {
        if (starts_with_word(html.substr(i), name)) {
          out += byte;
          i += name.size() - 1;
          known = true;
          break;
        }
      }
      if (known) {
        continue;
      }
    }
    out += html[i];
  }
  return out;
}

std::string without_jis(std::string_view text) {
  constexpr char kEscape = '\x1b';
  if (text.find(kEscape) == std::string_view::npos) {
    return std::string(text);
  }
  std::string out;
  bool two_bytes = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == kEscape && i + 2 < text.size() && (text[i + 1] == '$' || text[i + 1] == '(')) {
      two_bytes = text[i + 1] == '$';
      i += 2;
      continue;
    }
    two_bytes = two_bytes && text[i] != '\n';  // it ends with the line in any case
    out += two_bytes ? '?' : text[i];
  }
  return out;
}

}  // namespace rampart::report
