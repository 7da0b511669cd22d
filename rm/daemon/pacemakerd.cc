// pacemakerd: begins gyre-exec and gyre-rm, and begins again whichever ends.
#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "rm/local/descriptor.hh"
#include "rm/local/loop.hh"

extern char** environ;

namespace {

using namespace gyre::rm;
using std::chrono::milliseconds;

constexpr milliseconds first_pause{100}, longest_pause{5'000};

// A program that is to run; what is said of it ends with this.
class Program {
 public:
  Program(local::Loop& loop, std::vector<std::string> command, std::function<void(int)> ended)
      : loop_(loop), command_(std::move(command)), ended_(std::move(ended)) {
    again_ = loop_.timer([this] { begin(); });
  }

  void begin() {
    std::vector<char*> arguments;
    for (std::string& each : command_) arguments.push_back(each.data());
    arguments.push_back(nullptr);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    const int error =
        ::posix_spawn(&pid_, arguments[0], nullptr, &attributes, arguments.data(), environ);
    posix_spawnattr_destroy(&attributes);
    if (error != 0)
      throw std::runtime_error(
          fmt::format("{} cannot be begun: {}", command_[0], std::strerror(error)));
    began_ = std::chrono::steady_clock::now();
    process_ = local::Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    if (!process_) throw std::runtime_error(fmt::format("pidfd_open: {}", std::strerror(errno)));
    io_ = loop_.io(process_.number(), EPOLLIN, [this](std::uint32_t) { end(); });
  }

  // After a while, which is longer each time that it did not run for long.
  void begin_again() {
    const bool ran = std::chrono::steady_clock::now() - began_ > 2 * longest_pause;
    pause_ = ran ? first_pause : std::min(2 * pause_, longest_pause);
    again_.in(pause_);
  }

  bool runs() const noexcept { return pid_ > 0; }
  void signal(int number) const {
    if (runs()) ::kill(pid_, number);
  }
  const std::string& path() const noexcept { return command_[0]; }

 private:
  void end() {
    int status = 0;
    ::waitpid(pid_, &status, 0);
    io_ = {};
    pid_ = 0;
    ended_(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
  }

  local::Loop& loop_;
  std::vector<std::string> command_;
  std::function<void(int)> ended_;
  pid_t pid_ = 0;
  std::chrono::steady_clock::time_point began_;
  milliseconds pause_ = first_pause / 2;
  local::Descriptor process_;
  local::Source io_, again_;
};

// gyre-rm needs gyre-exec, and both come back when they end, until this is to end: then gyre-rm
// goes first, once what runs here has gone elsewhere.
class Pair {
 public:
  explicit Pair(const std::string& directory, const std::vector<std::string>& options)
      : execute_(loop_, {directory + "/gyre-exec"}, [this](int status) { execute_ended(status); }),
        manage_(loop_, command(directory, options), [this](int status) { manage_ended(status); }) {
    for (const int number : {SIGTERM, SIGINT})
      signals_.push_back(loop_.signal(number, [this] { end(); }));
  }

  void run() {
    execute_.begin();
    manage_.begin();
    loop_.run();
  }

 private:
  static std::vector<std::string> command(const std::string& directory,
                                          const std::vector<std::string>& options) {
    std::vector<std::string> all = {directory + "/gyre-rm"};
    all.insert(all.end(), options.begin(), options.end());
    return all;
  }

  void execute_ended(int status) {
    if (ending_ && !manage_.runs()) return loop_.end();
    spdlog::error("{} ended with status {}; it is begun again", execute_.path(), status);
    execute_.begin_again();
  }

  void manage_ended(int status) {
    if (ending_ || status == 0) {
      ending_ = true;
      if (!execute_.runs()) return loop_.end();
      return execute_.signal(SIGTERM);
    }
    spdlog::error("{} ended with status {}; it is begun again", manage_.path(), status);
    manage_.begin_again();
  }

  void end() {
    ending_ = true;
    if (manage_.runs()) return manage_.signal(SIGTERM);
    execute_.signal(SIGTERM);
    if (!execute_.runs()) loop_.end();
  }

  local::Loop loop_;
  Program execute_, manage_;
  std::vector<local::Source> signals_;
  bool ending_ = false;
};

// Where they were installed to, from where this was: .../sbin.
std::string programs() {
  const auto here = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  return (here.parent_path() / GYRE_LIBEXECDIR / "gyre").string();
}

}  // namespace

int main(int argc, char** argv) {
  bool foreground = false, verbose = false, features = false, version = false;
  std::vector<std::string> options;
  std::string directory = programs();
  CLI::App app("pacemakerd: begins the resource manager of this node, and keeps it running",
               "pacemakerd");
  app.add_flag("-f,--foreground", foreground, "As it always does: in the foreground");
  app.add_flag("-F,--features", features, "Say what this is, and what it can");
  app.add_flag("-$,--version", version, "Say what this is");
  app.add_flag("-V,--verbose", verbose, "Accepted: what there is to say is said");
  app.add_option("--programs", directory, "Where gyre-exec and gyre-rm are")->capture_default_str();
  app.add_option("options", options, "For gyre-rm, behind --");
  app.footer("Example:\n  pacemakerd -f -- --state-dir /var/lib/gyre/rm");
  CLI11_PARSE(app, argc, argv);
  if (features || version) {
    fmt::print("Pacemaker 2.1.5 (Gyre " GYRE_VERSION ")\n");
    if (features) fmt::print(" Supporting v3.16.2\n");
    return 0;
  }
  spdlog::set_default_logger(spdlog::stderr_logger_mt("pacemakerd"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %n %l: %v");
  try {
    Pair(directory, options).run();
    return 0;
  } catch (const std::exception& error) {
    spdlog::error("{}", error.what());
    return 1;
  }
}
