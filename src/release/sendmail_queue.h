// Sendmail's queue as files: where its directories are, and one message's files in them.
//
// Source: Sendmail Installation and Operation Guide, 5.6 (QueueDirectory, queue groups) and
// appendix B; measured with Sendmail 8.17: a quarantined message is hfID with its text in dfID, and
// whoever changes either holds an flock(2) on hfID; a message that is being received is dfID alone.
// Errors: what cannot be read is an error, never taken for an empty queue: what is not in it counts
// as released.
// Limits: directories that a queue group names by a macro are not known.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rampart/base/result.h"
#include "rampart/mail/queue_id.h"

namespace rampart::release {

/// Of a configuration file: the option QueueDirectory and the paths of queue groups, without
/// repeats. A last part with "*" stands for all directories that begin so.
/// Pure.
std::vector<std::string> parse_queue_directories(std::string_view configuration);

/// With those that "*" stands for.
base::Result<std::vector<std::string>> find_queue_directories(
    const std::vector<std::string>& patterns);

/// The file of a message: in the directory itself, or in its qf/ or df/.
/// @param kind  "hf", "qf" or "df"
/// @return "" if there is none
base::Result<std::string> find_queue_file(const std::vector<std::string>& directories,
                                          const std::string& kind,
                                          const mail::QueueId& id);

/// Queue IDs of all quarantined messages.
base::Result<std::vector<mail::QueueId>> list_quarantined(
    const std::vector<std::string>& directories);

/// A text without its queue file, not older than an hour: an older one is what a crash left.
base::Result<bool> is_arriving(const std::vector<std::string>& directories,
                               const mail::QueueId& id);
/// Queue IDs of all such.
base::Result<std::vector<mail::QueueId>> list_arriving(const std::vector<std::string>& directories);

/// Deletes a quarantined message under its lock. @return NotFound if it is not there (any more),
/// Unavailable if it is in use or cannot be deleted
base::Result<> delete_quarantined(const std::vector<std::string>& directories,
                                  const mail::QueueId& id);

}  // namespace rampart::release
