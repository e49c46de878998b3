// The token of the returned message, wherever in a notification it is quoted.
//
// Pure, linear time.

#pragma once

#include <string>
#include <string_view>

namespace rampart::report {

/// What is found goes into one of these, and decides nothing until all parts have been seen.
class TokenFinder {
 public:
  /// @param header  Header of the returned message.
  void look_in_returned(std::string_view header);
  /// @param text  Any text: a notice that quotes the message.
  void look_in_text(std::string_view text);
  /// The only token found in returned messages; if there is none, the only one found in texts.
  [[nodiscard]] std::string token() const;

 private:
  struct Found {
    std::string token;
    bool several = false;
    void add(std::string other);
  };
  Found returned_;
  Found quoted_;
};

}  // namespace rampart::report
