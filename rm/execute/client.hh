// gyre-rm's end of gyre-exec, in its event loop. It connects as soon as a gyre-exec is there, and
// again when there is another one; what was asked and has not arrived is asked again.
//
// For each operation that is run, outcomes come as jobs.hh says: at least once until it is
// acknowledged, and those of what an earlier gyre-rm asked for, too. Who cancels what is over has
// an outcome for that. One whose serial is 0 needs no acknowledgement.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "rm/execute/words.hh"
#include "rm/local/connection.hh"
#include "rm/local/loop.hh"
#include "rm/operation.hh"

namespace gyre::rm::execute {

class Client {
 public:
  struct Events {
    // What gyre-exec knows; then come the outcomes that are not acknowledged. If its life is
    // another than before, all that recurred does not any more, and what ran is lost: outcomes say
    // so, one by one.
    std::function<void(const Standing&)> connected;
    std::function<void(const Report&)> outcome;
    // It is gone, or cannot be reached: for the log. It is looked for until it comes.
    std::function<void(const std::string& why)> trouble;
  };
  // The agent's description of itself, in XML, is the output.
  using Described = std::function<void(const Outcome&)>;

  // The run directory must be there. Throws std::system_error.
  Client(local::Loop&, const std::string& run_dir, Events);
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool connected() const noexcept { return standing_; }
  void run(const Operation&);
  void cancel(const std::string& key);
  void acknowledge(std::uint64_t serial);
  // What was asked and has no outcome is not asked again: of whom it was asked is gone, and whether
  // it may still be done nobody can say.
  void forget();
  void describe(const std::string& standard, const std::string& provider, const std::string& type,
                Described);

 private:
  void connect();
  void closed(const std::string& why);
  // It will not understand us the next time either.
  void give_up(const std::string& why);
  void hear(std::string_view text);
  void stand(const Standing&);
  void take(const Report&);
  void refuse(const std::string& key, const char* why);
  void send(const Request&);

  local::Loop& loop_;
  std::string path_;
  Events events_;
  local::Source appears_;
  std::unique_ptr<local::Connection> connection_;
  bool standing_ = false;  // gyre-exec has said what it knows
  bool another_ = false;   // came to be since we connected
  // None of these has had a last outcome. In the order in which they were asked for; by key.
  std::map<std::uint64_t, Operation> asked_;
  std::unordered_map<std::string, std::uint64_t> places_;
  std::unordered_set<std::string> cancelled_;
  std::unordered_map<std::string, Described> descriptions_;  // by key
  std::uint64_t next_;
  std::vector<Report> refused_;  // by ourselves: gyre-exec would not hear us any more
  local::Source refusing_;
};

}  // namespace gyre::rm::execute
