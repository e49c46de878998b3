// What is simulated: who sends how much to whom, and what the providers are taken to allow.
//
// Pure: plain values, filled by the configuration or by hand.
// Units: days are 24 hours from the horizon's start (a Monday, 00:00 UTC); days below 0 are the
// history before it. Counts are recipients: one message has one recipient. Shares are 0 to 1.

#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rampart::sim {

/// A number that is drawn for each seed, evenly over the orders of magnitude; min = max: that one.
struct Range {
  double min = 0;
  double max = 0;
};

/// From `day` on this many messages a day.
struct Change {
  double day = 0;
  double per_day = 0;
};

/// Many messages at once: a newsletter, a backlog, a bought list.
struct Campaign {
  double day = 0;             ///< of the first one
  double every = 0;           ///< days from one to the next; 0: once
  double until = 1e6;         ///< none after this day
  std::uint32_t size = 0;     ///< recipients
  double hour = 9;            ///< when it starts
  double per_second = 20;     ///< how fast the application submits
  bool fresh = false;         ///< to recipients nobody mailed before, else to the sender's list
  double dead = 0;            ///< share of non-existing ones among fresh recipients
  double complaints = 0.001;  ///< share of fresh recipients who complain
};

struct Sender {
  /// When a day's mail is submitted. Office: by day, little at night and on Sundays.
  enum class Shape : std::uint8_t { Office, Even, Batch };
  std::string name;    ///< domain of the envelope sender
  double per_day = 0;  ///< messages a day, also in the history
  double growth = 1;   ///< factor a day from day 0 on
  Shape shape = Shape::Office;
  double batch_hour = 6;  ///< of Shape::Batch
  bool known = true;      ///< has sent before day 0
  bool judged = true;     ///< its mail counts in Outcome::deliverable
  std::uint32_t list = 10'000;
  double list_growth = 0;  ///< new recipients a day, as a share of the list
  double dead = 0.005;     ///< share of non-existing recipients
  double complaints = 0.0002;
  std::vector<Change> changes;
  std::vector<Campaign> campaigns;
};

struct Provider {
  /// What is limited. Typical: drawn for each seed, with all that follows.
  enum class Kind : std::uint8_t { Typical, Day, Hour, Minute, None };
  enum class Per : std::uint8_t { Sender, Host, Both };
  /// Whose words it uses.
  enum class Style : std::uint8_t { Gmail, Outlook, Yahoo, Gmx, Apple, Plain, Foreign };
  std::string name;           ///< "gmail", or a domain
  double share = 1;           ///< of all recipients, beside the other shares
  std::uint32_t domains = 1;  ///< so many domains alike, each a provider of its own
  Style style = Style::Plain;
  Kind kind = Kind::Typical;
  double limited = 1;       ///< how likely a typical one limits anything
  Range limit{300, 3000};   ///< of Kind: taken from a sender it hardly knows, in such a time
  Range growth{1.3, 2};     ///< factor a day, after a day that used half of it without trouble
  Per per = Per::Sender;    ///< of every kind but Typical
  double outage_day = 0;    ///< when the outage begins
  double outage_hours = 0;  ///< for so long every recipient is said not to exist
};

struct Scenario {
  std::string name;
  std::string text;  ///< one line
  std::uint32_t days = 14;
  std::uint32_t history = 14;  ///< days before, with nobody's control
  std::vector<Sender> senders;
  std::vector<Provider> providers;
  bool unseen = false;  ///< Typical draws from more families: for final figures
};

/// About how many messages that makes, with the history.
inline double count_messages(const Scenario& scenario) noexcept {
  double count = 0;
  for (const Sender& sender : scenario.senders) {
    double most = sender.per_day;
    for (const Change& change : sender.changes) {
      most = change.per_day > most ? change.per_day : most;
    }
    count += sender.per_day * scenario.history;
    for (std::uint32_t day = 0; day < scenario.days; ++day) {
      count += most *= sender.growth;
    }
    for (const Campaign& campaign : sender.campaigns) {
      const double end = campaign.until < scenario.days ? campaign.until : scenario.days;
      const double span = end - campaign.day;
      count += campaign.size * (campaign.every > 0 && span > 0 ? 1 + span / campaign.every : 1);
    }
  }
  return count;
}

}  // namespace rampart::sim
