// What sort of mail a mail without a delivery status is.
//
// Pure, linear time. Evidence is weighed, in several languages, from the header and the text; no
// single word decides.

#pragma once

#include <string_view>

#include "rampart/report/message.h"
#include "rampart/report/phrases.h"

#include "mime.h"

namespace rampart::report {

struct KindEvidence {
  const Phrases& phrases;
  const Header& header;
  std::string_view people;  ///< the notice, without the returned message
  bool has_returned;        ///< a returned message, or its header, is there
  bool is_delivery_report;  ///< has a part of a delivery status, if an empty one
};

/// Bounce, Delay, AutoReply or Other.
MessageKind judge_kind(const KindEvidence& evidence);

}  // namespace rampart::report
