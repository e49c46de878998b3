// The phrases by which mails that follow no standard are told apart, in several languages: data,
// which the configuration reads from notices.toml.
//
// Pure: plain values. Without phrases only standard notices are known, and what their structure
// gives away.

#pragma once

#include <string>
#include <vector>

namespace rampart::report {

/// Each in lower case, other letters than ASCII as UTF-8, and with single blanks; found anywhere in
/// its field or text.
struct Phrases {
  std::vector<std::string> mail_systems;     ///< names and addresses in From and Sender
  std::vector<std::string> bounce_subjects;  ///< also of delay notices
  std::vector<std::string> auto_subjects;    ///< of automatic replies
  std::vector<std::string> bounce_texts;     ///< also of delay notices
  std::vector<std::string> auto_texts;       ///< of automatic replies and challenges
  std::vector<std::string> delay_texts;      ///< what only a delay notice says
  std::vector<std::string> final_texts;      ///< what only a bounce says
};

}  // namespace rampart::report
