#include "milter/server_process.h"

#include <array>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "rampart/base/assert.h"
#include "rampart/base/mutex.h"
#include "rampart/base/text.h"
#include "rampart/engine/engine.h"
#include "rampart/engine/status.h"
#include "rampart/engine/suppressions.h"
#include "rampart/milter/server.h"
#include "rampart/store/state_store.h"
#include "rampart/telemetry/counter.h"
#include "rampart/telemetry/log.h"

#include "milter/adapter.h"
#include "milter/decider.h"

namespace rampart::test {
namespace {

enum class Fail { None, Begin, Decide, Commit, Offer };

// The engine, but for one call that throws, and what is offered, which is kept.
class FailingDecider final : public milter::Decider {
 public:
  FailingDecider(engine::Engine& engine, std::string token)
      : inner_(engine, std::nullopt), token_(std::move(token)) {}
  engine::Transaction begin(engine::Client client, mail::Address sender) override {
    check(Fail::Begin);
    return inner_.begin(std::move(client), std::move(sender));
  }
  engine::Verdict decide(engine::Transaction& transaction,
                         const engine::Recipient& recipient) override {
    check(Fail::Decide);
    return inner_.decide(transaction, recipient);
  }
  engine::Ending commit(engine::Transaction& transaction, const mail::QueueId& queue_id) override {
    check(Fail::Commit);
    engine::Ending ending = inner_.commit(transaction, queue_id);
    ending.token = token_;
    return ending;
  }
  void abort(engine::Transaction& transaction) override { inner_.abort(transaction); }
  void not_held(const mail::QueueId& queue_id) override { inner_.not_held(queue_id); }
  void hold_for_person(const mail::QueueId& queue_id) override { inner_.hold_for_person(queue_id); }
  std::string hold_mark(const mail::QueueId& queue_id) override {
    return inner_.hold_mark(queue_id);
  }
  void offer_message(std::string bytes) override {
    check(Fail::Offer);
    const base::MutexLock lock(mutex_);
    offered_.push_back(std::move(bytes));
  }
  [[nodiscard]] std::vector<std::string> offered() {
    const base::MutexLock lock(mutex_);
    return offered_;
  }

  std::atomic<Fail> fail{Fail::None};

 private:
  void check(Fail stage) const {
    if (fail == stage) {
      throw std::runtime_error("injected");
    }
  }
  milter::EngineDecider inner_;
  std::string token_;
  base::Mutex mutex_;
  std::vector<std::string> offered_ RAMPART_GUARDED_BY(mutex_);
};

// What runs in the child.
class Child {
 public:
  Child(const ServerSetup& setup, const std::string& listen) : store_(store::open_memory()) {
    auto engine = engine::Engine::create(make_policy(setup.engine), *store_, clock_);
    RAMPART_ASSERT(engine.has_value());
    engine_ = std::move(*engine);
    milter::Options options;
    options.listen = listen;
    options.on_error = setup.on_error;
    options.read_notices = setup.read_notices;
    if (setup.can_fail) {
      failing_ = std::make_unique<FailingDecider>(*engine_, setup.token);
      RAMPART_ASSERT(milter::start_service(options, *failing_).has_value());
      thread_ = std::thread([] { milter::serve(); });
      return;
    }
    auto server = milter::Server::open(options, *engine_);
    RAMPART_ASSERT(server.has_value());
    server_ = std::move(*server);
    thread_ = std::thread([this] { ended_well_ = server_->run().has_value(); });
  }

  std::string answer(const std::vector<std::string_view>& words) {
    const std::string_view what = words[0];
    if (what == "pause") {
      return pause("a.example", std::string(words[1])) ? "ok" : "cannot";
    }
    if (what == "suppress") {
      engine::SuppressionRequest request;
      request.key = words[1];
      return engine_->add_suppression(request, "test").has_value() ? "ok" : "cannot";
    }
    if (what == "used" || what == "flight") {
      const auto flow = engine_->find_flow({std::string(words[1]), std::string(words[2])});
      if (!flow) {
        return "0";
      }
      return std::to_string(what == "used" ? flow->summary.allowance.used_day : flow->in_flight);
    }
    if (what == "held") {
      std::string all;
      for (const auto& message : engine_->held()) {
        all += (all.empty() ? "" : " ") + message.record.queue_id;
      }
      return all;
    }
    if (what == "counter") {
      return std::to_string(telemetry::counter(words[1]).value());
    }
    if (what == "fail" && failing_ != nullptr) {
      failing_->fail = words[1] == "begin"    ? Fail::Begin
                       : words[1] == "decide" ? Fail::Decide
                       : words[1] == "commit" ? Fail::Commit
                       : words[1] == "offer"  ? Fail::Offer
                                              : Fail::None;
      return "ok";
    }
    if (what == "offered" && failing_ != nullptr) {
      const std::vector<std::string> offered = failing_->offered();
      if (words.size() == 1) {
        return std::to_string(offered.size());
      }
      const auto number = base::parse_uint(words[1]).value_or(UINT64_MAX);
      return number < offered.size() ? fingerprint(offered[number]) : "none";
    }
    if (what == "stop" && server_ != nullptr) {
      server_->stop();
      thread_.join();
      return ended_well_ ? "stopped" : "failed";
    }
    return "what?";
  }

 private:
  // Only a flow that has been asked for can be paused.
  bool pause(const std::string& sender, const std::string& provider) {
    const auto from = mail::parse_address("news@" + sender);
    const auto to = mail::parse_address("u@" + provider);
    engine::Transaction transaction = engine_->begin({}, *from);
    engine_->decide(transaction, {*to, "", "smtp"});
    engine_->abort(transaction);
    return engine_->pause_flow({sender, provider}, std::nullopt, "test").has_value();
  }

  base::SystemClock clock_;
  std::unique_ptr<store::StateStore> store_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<FailingDecider> failing_;
  std::unique_ptr<milter::Server> server_;
  std::thread thread_;
  std::atomic<bool> ended_well_{false};
};

// One question a packet, one answer a packet.
[[noreturn]] void serve_questions(const ServerSetup& setup,
                                  const std::string& listen,
                                  int control) {
  telemetry::configure_log({telemetry::Level::Error, telemetry::Recipients::Full});
  auto* child = new Child(setup, listen);  // never destroyed: libmilter's threads go on until _exit
  std::array<char, 1024> question{};
  ssize_t size = send(control, "ready", 5, MSG_NOSIGNAL);
  while ((size = recv(control, question.data(), question.size(), 0)) > 0) {
    const std::string_view text(question.data(), static_cast<std::size_t>(size));
    const std::string answer = child->answer(base::split(text, ' ')) + '\n';
    send(control, answer.data(), answer.size(), MSG_NOSIGNAL);
  }
  _exit(0);
}

// A port that was free a moment ago: libmilter cannot tell which one it was given.
std::string free_port() {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  bind(fd, reinterpret_cast<const sockaddr*>(&address), size);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  close(fd);
  return std::to_string(ntohs(address.sin_port));
}

}  // namespace

std::string fingerprint(std::string_view bytes) {
  return std::to_string(bytes.size()) + ' ' + std::to_string(std::hash<std::string_view>{}(bytes));
}

ServerProcess::ServerProcess(const ServerSetup& setup) {
  std::string name = "/tmp/rampart-milter-XXXXXX";
  directory_ = mkdtemp(name.data());
  listen_ =
      setup.inet ? "inet:" + free_port() + "@127.0.0.1" : "unix:" + directory_ + "/milter.sock";
  std::array<int, 2> pair{-1, -1};
  RAMPART_ASSERT(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair.data()) == 0);
  pid_ = fork();
  RAMPART_ASSERT(pid_ >= 0);
  if (pid_ == 0) {
    close(pair[0]);
    serve_questions(setup, listen_, pair[1]);
  }
  close(pair[1]);
  control_ = pair[0];
  timeval timeout{30, 0};
  setsockopt(control_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  std::array<char, 16> ready{};
  RAMPART_ASSERT(recv(control_, ready.data(), ready.size(), 0) == 5);
}

ServerProcess::~ServerProcess() {
  close(control_);
  kill(pid_, SIGKILL);
  int status = 0;
  waitpid(pid_, &status, 0);
  std::filesystem::remove_all(directory_);
}

std::string ServerProcess::ask(std::string_view question) {
  std::array<char, 65536> answer{};
  send(control_, question.data(), question.size(), MSG_NOSIGNAL);
  const ssize_t size = recv(control_, answer.data(), answer.size(), 0);
  return size > 0 ? std::string(answer.data(), static_cast<std::size_t>(size) - 1) : "dead";
}

std::uint64_t ServerProcess::count(std::string_view what, std::string_view provider) {
  return base::parse_uint(ask(std::string(what) + " a.example " + std::string(provider)))
      .value_or(UINT64_MAX);
}

std::string ServerProcess::await(std::string_view question, std::string_view expected) {
  std::string answer;
  for (int attempt = 0; attempt < 500; ++attempt) {
    answer = ask(question);
    if (answer == expected) {
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  return answer;
}

}  // namespace rampart::test
