// The token of the returned message, wherever in a notification it is quoted.
//
// Pure, linear time.

#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rampart::report {

/// What is found goes into one of these, and decides nothing until all parts have been seen.
class TokenFinder {
 public:
  /// @param header  Header of the returned message.
  void look_in_returned(std::string_view header);
  /// @param text  Any text: a notice that quotes the message.
  void look_in_text(std::string_view text);
  /// The tokens found in returned messages; if there is none, those found in texts. Different ones,
  /// in order, at most kMessageTokensMax.
  [[nodiscard]] const std::vector<std::string>& tokens() const;

 private:
  std::vector<std::string> returned_;
  std::vector<std::string> quoted_;
};

}  // namespace rampart::report
