#include "message_notice.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "rampart/base/text.h"

#include "fields.h"
#include "message_mention.h"
#include "message_reason.h"
#include "mime.h"

namespace rampart::report {
namespace {

constexpr std::size_t kLinesMax = 4000;

bool contains(const std::vector<mail::Address>& addresses, const mail::Address& address) {
  return std::any_of(addresses.begin(), addresses.end(), [&](const mail::Address& each) {
    return each.domain == address.domain &&
           base::equal_ignoring_case(each.local_part, address.local_part);
  });
}

bool is_role(const mail::Address& address) {
  const std::string local = base::to_lower(address.local_part);
  return local == "postmaster" || local == "mailer-daemon" || local == "abuse" ||
         local == "hostmaster" || local == "helpdesk" || local == "noreply";
}

// One recipient, and where in the notice it stands.
struct Entry {
  mail::Address address;
  std::optional<mail::Address> original;
  std::size_t line = 0;
  std::size_t next = 0;  // first line of the next entry
};

// What introduces the next part of a notice.
bool is_furniture(std::string_view line) {
  line = base::trim(line);
  return line.starts_with("---") || line.starts_with(">>>") ||
         line.starts_with("... while talking");
}

class Reader {
 public:
  Reader(std::string_view people, const NoticeHints& hints) : hints_(hints) {
    people = people.substr(0, kNoticeBytesMax);
    while (!people.empty() && lines_.size() < kLinesMax) {
      lines_.push_back(take_line(people));
    }
    weigh_mentions();
  }

  std::vector<MessageRecipient> recipients() {
    choose();
    alone_ = entries_.size() == 1;
    std::vector<MessageRecipient> result;
    for (const Entry& entry : entries_) {
      MessageRecipient recipient;
      recipient.recipient = entry.address;
      recipient.original = entry.original;
      recipient.reply = reason_for(entry);
      recipient.status = recipient.reply.enhanced;
      result.push_back(std::move(recipient));
    }
    return result;
  }

  // Completes the recipients of a delivery status.
  void complete(MessageRecipient& recipient) const;
  // Gives recipients without any reason the one that stands beside their address.
  void fill_in(std::vector<MessageRecipient>& recipients);

 private:
  void weigh_mentions();
  void index_mentions();
  void apply_hints(Mention& mention) const;
  void drop_strangers();
  void choose();
  void set_ends();
  void take_weight(int weight);
  void add_entry(const Mention& mention);
  [[nodiscard]] std::string section(const Mention& mention) const;
  [[nodiscard]] mail::Reply reason_beside(const Entry& entry) const;
  [[nodiscard]] mail::Reply reason_for(const Entry& entry) const;
  [[nodiscard]] bool follows_answer(const Mention& mention, const mail::Reply& reply) const;
  [[nodiscard]] std::string find_transcript(std::string_view first) const;
  [[nodiscard]] bool is_blank_line(std::size_t line) const {
    return base::trim(lines_[line]).empty();
  }

  const NoticeHints& hints_;
  std::vector<std::string_view> lines_;
  std::vector<bool> begins_;  ///< which lines begin with an address
  std::vector<Mention> mentions_;
  std::map<mail::Address, std::vector<std::size_t>> places_;  ///< the first few of each address
  std::vector<Entry> entries_;
  bool alone_ = false;  ///< there is only one recipient: all the notice is about it
};

void Reader::index_mentions() {
  begins_.resize(lines_.size());
  constexpr std::size_t kPlacesMax = 4;
  for (std::size_t i = 0; i < mentions_.size(); ++i) {
    begins_[mentions_[i].line] = begins_[mentions_[i].line] || mentions_[i].begins_line;
    std::vector<std::size_t>& places = places_[mentions_[i].address];
    if (places.size() < kPlacesMax) {
      places.push_back(i);
    }
  }
}

// What is known from elsewhere about an address.
void Reader::apply_hints(Mention& mention) const {
  if (is_role(mention.address) || contains(hints_.authors, mention.address)) {
    mention.weight -= 5;
  } else if (contains(hints_.readers, mention.address)) {
    mention.weight -= mention.weight == kEntryWeight ? 1 : 3;
  }
  if (contains(hints_.failed, mention.address)) {
    mention.weight += 4;
    mention.hinted = true;
  } else if (contains(hints_.returned, mention.address)) {
    mention.hinted = true;
    mention.weight += mention.weight > kOthersWeight ? 3 : 0;
  }
}

void Reader::weigh_mentions() {
  std::optional<Mention> last;  // the last one that began a line
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    if (is_blank_line(i)) {
      last.reset();
    }
    for (Mention& mention : find_mentions(lines_[i], i)) {
      if (mention.weight == kEntryWeight) {
        // Deeper than the one above without a gap: part of its reason.
        if (last && mention.indent > last->indent) {
          mention.weight = kPlainWeight;
        } else if (i > 0 && announces_others(lines_[i - 1])) {
          mention.weight = kOthersWeight;  // the sentence began in the line above
        } else {
          last = mention;
          mention.begins_line = true;
        }
      }
      apply_hints(mention);
      mentions_.push_back(std::move(mention));
    }
  }
  drop_strangers();
  index_mentions();
}

// "(expanded from <a@b>)", "(generated from a@b)": what the sender wrote.
bool is_origin(std::string_view before) {
  const std::string lower = base::to_lower(before);
  return lower.find("expanded from") != std::string::npos ||
         lower.find("generated from") != std::string::npos ||
         lower.find("generated by") != std::string::npos;
}

void Reader::add_entry(const Mention& mention) {
  const std::string_view line = lines_[mention.line];
  const std::string_view before = line.substr(0, line.size() - mention.behind.size());
  if (!entries_.empty() && is_origin(before) && mention.line <= entries_.back().line + 2) {
    if (mention.address != entries_.back().address) {
      entries_.back().original = mention.address;
    }
    return;
  }
  for (const Entry& entry : entries_) {
    if (entry.address.domain == mention.address.domain &&
        base::equal_ignoring_case(entry.address.local_part, mention.address.local_part)) {
      return;
    }
  }
  if (entries_.size() < kMessageRecipientsMax) {
    Entry entry;
    entry.address = mention.address;
    entry.line = mention.line;
    entries_.push_back(std::move(entry));
  }
}

// An address that begins a line among others that are known to be recipients must look like them.
void Reader::drop_strangers() {
  const auto is_known_entry = [](const Mention& each) {
    return each.hinted && each.weight >= kEntryWeight;
  };
  if (std::none_of(mentions_.begin(), mentions_.end(), is_known_entry)) {
    return;
  }
  std::set<std::pair<std::size_t, bool>> shapes;
  for (const Mention& mention : mentions_) {
    if (is_known_entry(mention)) {
      shapes.emplace(mention.indent, mention.bracketed);
    }
  }
  for (Mention& mention : mentions_) {
    if (!mention.hinted && mention.weight >= kEntryWeight &&
        shapes.count({mention.indent, mention.bracketed}) == 0) {
      mention.weight = kPlainWeight;
    }
  }
}

void Reader::take_weight(int weight) {
  for (const Mention& mention : mentions_) {
    const std::string_view line = lines_[mention.line];
    const bool origin =
        !entries_.empty() && is_origin(line.substr(0, line.size() - mention.behind.size()));
    if (mention.weight >= weight || origin) {
      add_entry(mention);
    }
  }
}

void Reader::choose() {
  take_weight(kEntryWeight);
  if (entries_.empty()) {
    for (const mail::Address& address : hints_.failed) {
      Entry entry;
      entry.address = address;
      entries_.push_back(std::move(entry));
    }
  }
  if (entries_.empty()) {
    take_weight(kNamedWeight);
  }
  for (const int weight : {kWeakWeight - 1, kPlainWeight}) {
    if (entries_.empty()) {
      take_weight(weight);
      if (entries_.size() > 1) {
        entries_.clear();  // so weak a sign must be the only one
      }
    }
  }
  if (entries_.empty() && hints_.returned.size() == 1) {
    Entry entry;
    entry.address = hints_.returned.front();
    entries_.push_back(std::move(entry));
  }
  set_ends();
}

void Reader::set_ends() {
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    entries_[i].next = i + 1 < entries_.size() ? entries_[i + 1].line : lines_.size();
  }
}

// The rest of the line and the lines under it, up to the next address that begins a line or to a
// gap behind at least one line.
std::string Reader::section(const Mention& mention) const {
  constexpr std::string_view kMarks = ">:.,;)]'\"";
  std::string_view first = base::trim(mention.behind);
  while (!first.empty() && kMarks.find(first[0]) != std::string_view::npos) {
    first = base::trim(first.substr(1));
  }
  std::string text(first);
  for (std::size_t i = mention.line + 1; i < lines_.size() && text.size() < kFieldBytesMax; ++i) {
    if (begins_[i] || (is_furniture(lines_[i]) && (!text.empty() || !alone_))) {
      break;
    }
    if (is_blank_line(i)) {
      if (!text.empty()) {
        break;
      }
      continue;
    }
    text += text.empty() ? "" : "\n";
    text += base::trim(lines_[i]).substr(0, kFieldBytesMax);
  }
  constexpr std::string_view kReason = "(reason: ";
  if (text.starts_with(kReason)) {
    text.erase(0, kReason.size());
    if (const std::size_t close = text.find_last_of(')'); close != std::string::npos) {
      text.resize(close);
    }
  }
  return text;
}

// The best of what stands behind the address wherever it begins a line.
mail::Reply Reader::reason_beside(const Entry& entry) const {
  mail::Reply best;
  const auto places = places_.find(entry.address);
  if (places == places_.end()) {
    return best;
  }
  bool beside = false;
  for (const std::size_t place : places->second) {
    if (!mentions_[place].begins_line) {
      continue;
    }
    beside = true;
    mail::Reply reply = read_reason(section(mentions_[place]));
    if (reply.code != 0) {
      return reply;
    }
    if (best.text.empty()) {
      best = std::move(reply);
    }
  }
  if (!beside && !alone_) {  // "Unknown user: a@b", several of them
    std::string text;
    for (std::size_t i = entry.line; i < entry.next && text.size() < kFieldBytesMax; ++i) {
      text += lines_[i].substr(0, kFieldBytesMax);
      text += '\n';
    }
    best = read_reason(text);
  }
  return best;
}

mail::Reply Reader::reason_for(const Entry& entry) const {
  constexpr std::size_t kProseMax = 1024;
  MessageRecipient known;
  known.recipient = entry.address;
  known.reply = reason_beside(entry);
  complete(known);
  mail::Reply best = std::move(known.reply);
  if (best.code != 0 || !alone_) {
    return best;
  }
  std::string all;
  for (const std::string_view line : lines_) {
    all += line;
    all += '\n';
  }
  mail::Reply whole = read_reason(all);
  if (whole.code == 0) {
    whole.text.resize(std::min(whole.text.size(), kProseMax));
  }
  if (whole.code != 0 || best.text.empty()) {
    return whole;
  }
  if (!best.enhanced) {
    best.enhanced = whole.enhanced;
  }
  if (best.stage == mail::Stage::Unknown) {
    best.stage = whole.stage;
  }
  return best;
}

// All lines of a reply of which the first is known: "<<< 550-..." up to "<<< 550 ...".
std::string Reader::find_transcript(std::string_view first) const {
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    std::string_view line = base::trim(lines_[i]);
    if (!line.starts_with("<<<") || base::trim(line.substr(3)) != first) {
      continue;
    }
    std::string text;
    for (; i < lines_.size() && text.size() < kFieldBytesMax; ++i) {
      line = base::trim(lines_[i]);
      if (!line.starts_with("<<<")) {
        break;
      }
      line = base::trim(line.substr(3));
      text += text.empty() ? "" : " ";
      text += line.substr(0, kFieldBytesMax);
      if (line.size() < 4 || line[3] != '-') {
        break;
      }
    }
    text.resize(std::min(text.size(), kFieldBytesMax));
    return text;
  }
  return {};
}

// True for "550 5.1.1 <a@b>... User unknown" right behind "<<< 550 ...": Sendmail names the
// recipient only where the answer was to RCPT.
bool Reader::follows_answer(const Mention& mention, const mail::Reply& reply) const {
  if (reply.code == 0 || mention.line == 0 || !mention.behind.starts_with(">...") ||
      mail::parse_reply(join_lines(lines_[mention.line]), mail::Stage::Unknown).code == 0) {
    return false;
  }
  const std::string_view answer = base::trim(lines_[mention.line - 1]);
  return answer.starts_with("<<<") && reply.text.ends_with(base::trim(answer.substr(3)));
}

// Adds what Sendmail's transcript and Postfix's paragraph know about a recipient.
void Reader::complete(MessageRecipient& recipient) const {
  mail::Reply& reply = recipient.reply;
  if (reply.text.size() > 3 && reply.code != 0 && reply.text[3] == '-') {
    if (const std::string whole = find_transcript(reply.text); !whole.empty()) {
      reply = mail::parse_reply(whole, reply.stage);
    }
  }
  const auto places = places_.find(recipient.recipient);
  if (places == places_.end()) {
    return;
  }
  for (const std::size_t place : places->second) {
    const Mention& mention = mentions_[place];
    if (mention.begins_line && mention.behind.starts_with(">:") && reply.code != 0 &&
        reply.stage == mail::Stage::Unknown) {
      const mail::Reply said = read_reason(section(mention));
      reply.stage = said.code == reply.code ? said.stage : reply.stage;
    }
    if (reply.code == 0 && reply.text.empty()) {
      mail::Reply own = mail::parse_reply(join_lines(lines_[mention.line]), mail::Stage::Unknown);
      if (own.code != 0) {  // "550 5.1.1 <a@b>... User unknown"
        reply = std::move(own);
      }
    }
    if (reply.stage == mail::Stage::Unknown && follows_answer(mention, reply)) {
      reply.stage = mail::Stage::Rcpt;
    }
  }
}

void Reader::fill_in(std::vector<MessageRecipient>& recipients) {
  std::multimap<mail::Address, MessageRecipient*> silent;
  for (MessageRecipient& recipient : recipients) {
    if (recipient.reply.text.empty()) {
      silent.emplace(recipient.recipient, &recipient);
    }
  }
  if (silent.empty()) {
    return;
  }
  entries_.clear();
  alone_ = recipients.size() == 1;
  for (const Mention& mention : mentions_) {
    if (mention.weight >= kWeakWeight && silent.count(mention.address) > 0) {
      add_entry(mention);
    }
  }
  if (entries_.empty() && recipients.size() == 1) {
    Entry entry;
    entry.address = recipients.front().recipient;
    entries_.push_back(std::move(entry));
  }
  set_ends();
  for (const Entry& entry : entries_) {
    const mail::Reply reply = reason_for(entry);
    const auto [begin, end] = silent.equal_range(entry.address);
    for (auto each = begin; each != end; ++each) {
      each->second->reply = reply;
    }
  }
}

}  // namespace

std::vector<MessageRecipient> find_recipients(std::string_view people, const NoticeHints& hints) {
  return Reader(people, hints).recipients();
}

std::vector<mail::Address> addresses_in(std::string_view value) {
  std::vector<mail::Address> addresses;
  for (Mention& mention : find_mentions(value.substr(0, kFieldBytesMax), 0)) {
    if (!contains(addresses, mention.address)) {
      addresses.push_back(std::move(mention.address));
    }
  }
  return addresses;
}

void complete_from_notice(std::string_view people, std::vector<MessageRecipient>& recipients) {
  const NoticeHints none;
  Reader reader(people, none);
  for (MessageRecipient& recipient : recipients) {
    reader.complete(recipient);
  }
  reader.fill_in(recipients);
}

}  // namespace rampart::report
