// Goal: no line lost, none given twice, whatever rotates the log between any two reads and
// wherever the follower is restarted. A writer writes numbered lines, sometimes in two pieces,
// sometimes still to the old file; the cuts are random, the seed is printed.

#include <algorithm>
#include <cstdio>
#include <memory>
#include <random>

#include "support/catch.h"

#include "feed/follower.h"
#include "log_directory.h"

namespace rampart::feed {
namespace {

using namespace std::chrono_literals;  // NOLINT(google-build-using-namespace): literals only

enum class Rotation : std::uint8_t { Numbers, Dates, CopyTruncate, NumbersAndCopies, Delete };

class Simulation {
 public:
  Simulation(unsigned seed, Rotation rotation, bool restarts)
      : random_(seed), rotation_(rotation), restarts_(restarts) {
    writer_.open(log_.file(), std::ios::app | std::ios::binary);
    follower_ = std::make_unique<FileFollower>(log_.file());
    read(1);
  }

  void run(int steps) {
    for (int step = 0; step < steps; ++step) {
      switch (pick(6)) {
        case 0:
        case 1:
          write();
          break;
        case 2:
          read(pick(4));
          break;
        case 3:
          now_ += std::chrono::milliseconds{pick(1500)};
          read(pick(40));
          break;
        case 4:
          rotate();
          break;
        default:
          if (restarts_) {
            follower_ = std::make_unique<FileFollower>(log_.file(), follower_->position());
          }
      }
    }
    finish();
  }

  void check() {
    std::sort(got_.begin(), got_.end());
    std::vector<int> want(static_cast<std::size_t>(next_));
    std::generate(want.begin(), want.end(), [n = 0]() mutable { return n++; });
    CHECK(got_ == want);
    CHECK(follower_->counts().losses == 0);
  }

 private:
  int pick(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }

  std::string line() {
    std::string text = std::to_string(next_++) + ' ';
    text.append(static_cast<std::size_t>(pick(pick(20) == 0 ? 3000 : 60)), 'x');
    return text + '\n';
  }

  void write() {
    for (int count = pick(6); count >= 0; --count) {
      const std::string text = line();
      // copytruncate may cut a line that is not whole; no follower could mend that.
      const std::size_t cut = can_copy() || pick(3) != 0
                                  ? 0
                                  : static_cast<std::size_t>(pick(static_cast<int>(text.size())));
      writer_.write(text.data(), static_cast<std::streamsize>(cut));
      writer_.flush();
      if (cut != 0) {
        read(pick(3));
      }
      writer_ << text.substr(cut) << std::flush;
    }
  }

  void read(int lines_max) {
    for (const FollowedLine& line :
         follower_->read_lines(static_cast<std::size_t>(lines_max), now_)) {
      got_.push_back(std::stoi(std::string(line.text)));
    }
  }

  [[nodiscard]] bool can_copy() const {
    return rotation_ == Rotation::CopyTruncate || rotation_ == Rotation::NumbersAndCopies;
  }

  void rotate() {
    if (can_copy() && (rotation_ == Rotation::CopyTruncate || pick(2) == 0)) {
      // An empty log is not rotated, and it has been looked at since it is not empty.
      write();
      read(pick(3));
      log_.shift_numbers();
      log_.copy("mail.log", "mail.log.1");
      log_.truncate();
      return;
    }
    if (rotation_ == Rotation::Delete) {
      read(0);  // what was never open when it was deleted is gone
      log_.remove();
    } else if (rotation_ == Rotation::Dates) {
      char name[32];
      std::snprintf(name, sizeof name, "mail.log-2026%04d", ++dates_);
      log_.rename("mail.log", name);
    } else {
      log_.shift_numbers();
      log_.rename("mail.log", "mail.log.1");
    }
    if (pick(2) == 0) {
      read(pick(3));
    }
    std::ofstream(log_.file(), std::ios::app).flush();
    // The writer is told later; it has less than ten seconds.
    for (int more = pick(4); more > 0; --more) {
      write();
      now_ += std::chrono::milliseconds{pick(1500)};
      read(pick(10));
    }
    writer_.close();
    writer_.open(log_.file(), std::ios::app | std::ios::binary);
  }

  void finish() {
    write();
    for (int quiet = 0; quiet < 70; ++quiet) {
      const std::size_t before = got_.size();
      read(50);
      now_ += 5s;
      quiet = got_.size() != before ? 0 : quiet;
    }
  }

  std::mt19937 random_;
  Rotation rotation_;
  bool restarts_;
  LogDirectory log_;
  std::ofstream writer_;
  std::unique_ptr<FileFollower> follower_;
  base::SteadyTime now_{1000s};
  int next_ = 0;
  int dates_ = 0;
  std::vector<int> got_;
};

TEST_CASE("no line is lost or repeated through any rotation", "[feed][property]") {
  struct Case {
    std::string_view name;
    Rotation rotation;
    bool restarts;
  };
  static const Case kCases[] = {
      {"renamed to numbers", Rotation::Numbers, false},
      {"renamed to numbers, restarts", Rotation::Numbers, true},
      {"renamed to dates, restarts", Rotation::Dates, true},
      {"copytruncate", Rotation::CopyTruncate, false},
      {"copytruncate, restarts", Rotation::CopyTruncate, true},
      {"both kinds", Rotation::NumbersAndCopies, false},
      {"both kinds, restarts", Rotation::NumbersAndCopies, true},
      {"deleted and created", Rotation::Delete, false},
  };
  for (const Case& c : kCases) {
    for (unsigned seed = 1; seed <= 25; ++seed) {
      INFO(c.name << ", seed " << seed);
      Simulation simulation(seed, c.rotation, c.restarts);
      simulation.run(120);
      simulation.check();
    }
  }
}

}  // namespace
}  // namespace rampart::feed
