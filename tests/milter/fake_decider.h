// An engine that does as the recipient's name says, and fails on command.
//
// Threads: for one session at a time.

#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "milter/decider.h"

namespace rampart::test {

class FakeDecider final : public milter::Decider {
 public:
  engine::Transaction begin(engine::Client client, mail::Address envelope_sender) override {
    if (fail_at == "begin") {
      throw std::runtime_error("begin");
    }
    clients.push_back(std::move(client));
    senders.push_back(to_string(envelope_sender));
    return {};
  }
  engine::Verdict decide(engine::Transaction& /*transaction*/,
                         const engine::Recipient& recipient) override {
    if (fail_at == "decide") {
      throw std::runtime_error("decide");
    }
    recipients.push_back(recipient);
    const std::string& name = recipient.address.local_part;
    if (name == "defer") {
      return {engine::Verdict::Answer::Defer, "451", "4.7.1", "rampart: full"};
    }
    if (name == "reject") {
      return {engine::Verdict::Answer::Reject, "550", "5.1.1", "rampart: suppressed"};
    }
    ++reserved;
    return {};
  }
  engine::Ending commit(engine::Transaction& /*transaction*/,
                        const mail::QueueId& queue_id) override {
    if (fail_at == "commit") {
      throw std::runtime_error("commit");
    }
    committed += reserved;
    reserved = 0;
    queue_ids.push_back(queue_id.text());
    return ending;
  }
  void abort(engine::Transaction& /*transaction*/) override {
    ++aborts;
    reserved = 0;
    if (fail_at == "abort") {
      throw std::runtime_error("abort");
    }
  }
  void not_held(const mail::QueueId& queue_id) override { went_out.push_back(queue_id.text()); }
  void hold_for_person(const mail::QueueId& queue_id) override {
    for_person.push_back(queue_id.text());
  }
  void offer_message(std::string bytes) override {
    if (fail_at == "offer") {
      throw std::runtime_error("offer");
    }
    messages.push_back(std::move(bytes));
  }
  std::string hold_mark(const mail::QueueId& queue_id) override {
    return marks ? "mark of " + queue_id.text() : "";
  }

  std::string fail_at;
  bool marks = false;
  engine::Ending ending;  ///< what commit() gives
  std::vector<engine::Client> clients;
  std::vector<std::string> senders;
  std::vector<engine::Recipient> recipients;
  std::vector<std::string> queue_ids;  ///< as committed
  std::vector<std::string> went_out;
  std::vector<std::string> for_person;
  std::vector<std::string> messages;  ///< as offered
  int reserved = 0;
  int committed = 0;
  int aborts = 0;
};

}  // namespace rampart::test
