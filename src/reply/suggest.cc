#include "rampart/reply/suggest.h"

#include <algorithm>
#include <cstdint>
#include <vector>

#include "rampart/base/hex.h"
#include "rampart/base/text.h"
#include "rampart/reply/normalise.h"

namespace rampart::reply {
namespace {

constexpr std::size_t kNameWordsMax = 4;
constexpr std::size_t kPatternWordsMax = 12;
constexpr std::size_t kSampleBytesMax = 600;
constexpr std::size_t kPatternBytesMax = 500;  // less than the sample, which has to match
constexpr std::size_t kIdBytesMin = 6;

bool is_word_byte(char c) noexcept {
  return base::is_alnum(c) || c == '-' || c == '_' || c == '.' || c == '/' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool all_of(std::string_view text, bool (*test)(char)) noexcept {
  return std::all_of(text.begin(), text.end(), test);
}

bool is_hex_or_mark(char c) noexcept {
  return base::is_hex(c) || c == '.' || c == ':';
}

// What a token without its punctuation stands for; "" if for itself.
std::string_view stand_in(std::string_view token) noexcept {
  if (token.find("://") != std::string_view::npos || token.starts_with("www.")) {
    return "URL";
  }
  if (token.find('@') != std::string_view::npos) {
    return "@";
  }
  const auto count = [&](auto test) {
    return static_cast<std::size_t>(std::count_if(token.begin(), token.end(), test));
  };
  const std::size_t digits = count([](char c) { return base::is_digit(c); });
  const std::size_t dots = count([](char c) { return c == '.'; });
  const std::size_t colons = count([](char c) { return c == ':'; });
  const std::size_t letters = count([](char c) { return base::is_alpha(c); });
  if (digits > 0 &&
      ((letters == 0 && dots == 3) || (colons >= 2 && all_of(token, is_hex_or_mark)))) {
    return "IP";
  }
  if (digits > 0 && letters == 0) {
    return "N";
  }
  const std::size_t last_dot = token.rfind('.');
  if (dots > 0 && letters > 0 && last_dot + 2 < token.size() && last_dot > 0 &&
      all_of(token.substr(last_dot + 1), [](char c) { return base::is_alpha(c); })) {
    return "HOST";
  }
  const bool mixed = std::any_of(token.begin(), token.end(), base::is_lower) &&
                     std::any_of(token.begin() + 1, token.end(), base::is_upper);
  if (token.size() >= kIdBytesMin && digits > 0 && (digits > 2 || mixed)) {
    return "ID";
  }
  return "";
}

constexpr std::string_view kEdges = "<>()[]{}'\",;:!?=";

// The words of a text: punctuation around a stand-in is kept, so that "[192.0.2.1]" is "[IP]".
std::string general_word(std::string_view word) {
  const std::size_t begin = std::min(word.find_first_not_of(kEdges), word.size());
  std::size_t end = word.size();
  while (end > begin &&
         (kEdges.find(word[end - 1]) != std::string_view::npos || word[end - 1] == '.')) {
    --end;
  }
  const std::string_view core = word.substr(begin, end - begin);
  const std::size_t equals = core.find('=');
  if (equals != std::string_view::npos && core.find("://") == std::string_view::npos) {
    const std::string_view value = stand_in(core.substr(equals + 1));
    if (!value.empty()) {
      return std::string(word.substr(0, begin + equals + 1)) + std::string(value) +
             std::string(word.substr(end));
    }
  }
  const std::string_view instead = core.empty() ? std::string_view{} : stand_in(core);
  if (!instead.empty()) {
    return std::string(word.substr(0, begin)) + std::string(instead) +
           std::string(word.substr(end));
  }
  return std::string(word);
}

void cut(std::string& text, std::size_t bytes_max) {
  if (text.size() <= bytes_max) {
    return;
  }
  while (bytes_max > 0 && (static_cast<unsigned char>(text[bytes_max]) & 0xC0U) == 0x80U) {
    --bytes_max;
  }
  text.resize(bytes_max);
}

std::string in_front(const Normalised& reply) {
  std::string out;
  if (reply.code != 0) {
    out += std::to_string(reply.code) + ' ';
  }
  if (reply.enhanced) {
    out += std::to_string(static_cast<unsigned>(reply.enhanced->status_class)) + '.' +
           std::to_string(reply.enhanced->subject) + '.' + std::to_string(reply.enhanced->detail) +
           ' ';
  }
  return out;
}

bool is_plain_word(std::string_view word) {
  return word.size() > 1 && word == general_word(word) &&
         std::any_of(word.begin(), word.end(), base::is_alpha) &&
         all_of(word, [](char c) { return is_word_byte(c); });
}

// The longest run of words that stand for themselves, at most kPatternWordsMax of them.
std::vector<std::string_view> longest_run(std::string_view text) {
  std::vector<std::string_view> best;
  std::vector<std::string_view> run;
  for (const std::string_view word : base::split(text, ' ')) {
    std::string_view bare = word;
    while (!bare.empty() && std::string_view(",;:!.").find(bare.back()) != std::string_view::npos) {
      bare.remove_suffix(1);
    }
    const bool ends = bare.size() != word.size();
    if (is_plain_word(bare)) {
      run.push_back(bare);
      best = run.size() > best.size() ? run : best;
    }
    if (!is_plain_word(bare) || ends || run.size() == kPatternWordsMax) {
      run.clear();
    }
  }
  return best;
}

// RE2 text that matches `words` with blanks between them.
std::string escaped(const std::vector<std::string_view>& words) {
  std::string out;
  for (const std::string_view word : words) {
    out += out.empty() ? "" : " ";
    for (const char c : word) {
      if (!base::is_alnum(c) && c != '_' && static_cast<unsigned char>(c) < 0x80) {
        out += '\\';
      }
      out += c;
    }
  }
  return out;
}

// A TOML basic string.
std::string toml_string(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
    }
    out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
  }
  return out + '"';
}

std::string name_of(const std::vector<std::string_view>& words, std::string_view front) {
  std::string name = "my";
  std::size_t taken = 0;
  for (const std::string_view word : words) {
    std::string part;
    for (const char c : word) {
      part += base::is_alnum(c) ? std::string(1, base::to_lower(c)) : std::string();
    }
    if (!part.empty() && taken++ < kNameWordsMax) {
      name += '-' + part;
    }
  }
  for (const char c : taken == 0 ? front : std::string_view{}) {
    name += base::is_digit(c) ? c : '-';
  }
  while (name.ends_with('-')) {
    name.pop_back();
  }
  return name;
}

}  // namespace

std::string generalise(std::string_view reply) {
  const Normalised normalised = normalise(reply, mail::Stage::Unknown);
  std::string out = in_front(normalised);
  for (const std::string_view word : base::split(normalised.text, ' ')) {
    out += general_word(word);
    out += ' ';
    if (out.size() > 2 * kGeneralBytesMax) {
      break;
    }
  }
  while (out.ends_with(' ')) {
    out.pop_back();
  }
  cut(out, kGeneralBytesMax);
  return out;
}

std::string suggest_rule(const Question& question) {
  const Normalised reply = normalise(question.reply, question.stage);
  const std::vector<std::string_view> words =
      longest_run(std::string_view(reply.text).substr(0, kPatternBytesMax));
  // What a rule file cannot hold is not in the normalised text either.
  std::string sample = in_front(reply) + reply.text;
  cut(sample, kSampleBytesMax);
  std::string out = "[[rule]]\nname   = " + toml_string(name_of(words, in_front(reply))) + '\n';
  if (!question.provider.empty()) {
    out += "provider = " + toml_string(question.provider) + '\n';
  }
  if (!words.empty()) {
    out += "match  = " + toml_string(escaped(words)) + '\n';
  }
  if (reply.code != 0) {
    out += "code   = \"" + std::to_string(reply.code) + "\"\n";
  } else if (words.empty()) {
    out += "stage  = \"" + std::string(mail::to_string(reply.stage)) + "\"\n";
  }
  out += "class  = \"undefined\"  # change this\nscope  = \"none\"       # and this\n";
  out += "sample = [{ reply = " + toml_string(sample) + ", stage = \"" +
         std::string(mail::to_string(reply.stage)) + "\" }]\n";
  return out;
}

}  // namespace rampart::reply
