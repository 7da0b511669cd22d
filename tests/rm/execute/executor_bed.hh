// A gyre-exec without its program, whose log is kept, and what it serves.
#pragma once

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <csignal>
#include <memory>
#include <optional>
#include <sstream>
#include <string>

#include "rm/execute/executor.hh"
#include "tests/rm/execute/bed.hh"

namespace gyre::rm::execute {

struct ExecutorTest : testing::Test, test::ClientBed {
  std::ostringstream log;
  std::optional<Executor> executor;

  ExecutorTest() {
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_st>(log);
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", sink));
  }
  Executor::Settings settings() const {
    Executor::Settings made;
    made.surroundings = {directory / "ocf",
                         "/no/commands",
                         directory.path(),
                         {"HOME=/home"},
                         directory / "ocf/resource.d/test"};
    return made;
  }
  void start() {
    executor.emplace(loop, settings());
    connect();
    until_connected();
  }
};

inline bool alive(const std::string& pid) {
  return ::kill(std::stoi(pid), 0) == 0;
}

}  // namespace gyre::rm::execute
