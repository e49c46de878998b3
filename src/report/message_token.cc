#include "message_token.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "rampart/base/hex.h"
#include "rampart/base/text.h"
#include "rampart/report/message.h"

#include "mime.h"

namespace rampart::report {
namespace {

// Without blanks and marks of quotation in front: "> > X".
std::string_view without_quote_marks(std::string_view line) noexcept {
  const std::size_t start = line.find_first_not_of(" \t>|");
  return start == std::string_view::npos ? std::string_view() : base::trim(line.substr(start));
}

// The hexadecimal digits of a piece of the value, which may be encoded-words; nullopt if it has
// anything else but blanks.
std::optional<std::string> digits_of(std::string_view piece) {
  constexpr std::size_t kPieceMax = 400;
  std::string digits;
  for (const char c : decode_words(piece.substr(0, kPieceMax))) {
    if (base::is_blank(c)) {
      continue;
    }
    if (!base::is_hex(c)) {
      return std::nullopt;
    }
    digits += base::to_lower(c);
  }
  return digits;
}

// Reads the value that begins in `line` and may go on in the lines of `rest`, which stays where it
// is. A value that is too short or too long is none.
std::optional<std::string> read_token(std::string_view line, std::string_view rest) {
  auto token = digits_of(line);
  while (token && token->size() < kTokenDigits && !rest.empty()) {
    const std::string_view next = without_quote_marks(take_line(rest));
    const auto more = digits_of(next);
    if (next.empty() || !more) {
      break;
    }
    *token += *more;
  }
  return token && token->size() == kTokenDigits ? token : std::nullopt;
}

template <class Take>
void find_tokens(std::string_view text, Take take) {
  while (!text.empty()) {
    const std::string_view line = without_quote_marks(take_line(text));
    if (!base::equal_ignoring_case(line.substr(0, kTokenHeader.size()), kTokenHeader)) {
      continue;
    }
    const std::string_view value = base::trim(line.substr(kTokenHeader.size()));
    if (!value.starts_with(':')) {
      continue;
    }
    if (auto token = read_token(base::trim(value.substr(1)), text)) {
      take(std::move(*token));
    }
  }
}

void keep(std::vector<std::string>& tokens, std::string token) {
  if (tokens.size() < kMessageTokensMax &&
      std::find(tokens.begin(), tokens.end(), token) == tokens.end()) {
    tokens.push_back(std::move(token));
  }
}

}  // namespace

void TokenFinder::look_in_returned(std::string_view header) {
  find_tokens(header, [this](std::string token) { keep(returned_, std::move(token)); });
}

void TokenFinder::look_in_text(std::string_view text) {
  find_tokens(text, [this](std::string token) { keep(quoted_, std::move(token)); });
}

const std::vector<std::string>& TokenFinder::tokens() const {
  return returned_.empty() ? quoted_ : returned_;
}

}  // namespace rampart::report
