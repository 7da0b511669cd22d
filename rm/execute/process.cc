#include "rm/execute/process.hh"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <vector>

#include "rm/local/descriptor.hh"

namespace gyre::rm::execute {
namespace {

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

int pidfd_of(pid_t pid) {
  return static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
}

// A file that holds it, in memory, of no name, to be read from its beginning.
local::Descriptor readable(std::string_view text) {
  if (text.empty()) return local::Descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  local::Descriptor file(::memfd_create("parameters", MFD_CLOEXEC));
  while (file && !text.empty()) {
    const ssize_t size = ::write(file.number(), text.data(), text.size());
    if (size < 0 && errno != EINTR) return {};
    if (size > 0) text.remove_prefix(static_cast<std::size_t>(size));
  }
  if (file) ::lseek(file.number(), 0, SEEK_SET);
  return file;
}

// What posix_spawn is told, given back to it at the end.
struct Attributes {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;

  Attributes(int input, int output, int error) {
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawn_file_actions_adddup2(&files, input, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&files, error, STDERR_FILENO);
    ::posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
    sigset_t all, none;
    sigfillset(&all);
    sigemptyset(&none);
    ::posix_spawnattr_init(&attributes);
    ::posix_spawnattr_setsigdefault(&attributes, &all);
    ::posix_spawnattr_setsigmask(&attributes, &none);
    ::posix_spawnattr_setpgroup(&attributes, 0);
    ::posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  }
  ~Attributes() {
    ::posix_spawnattr_destroy(&attributes);
    ::posix_spawn_file_actions_destroy(&files);
  }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;
};

}  // namespace

std::variant<Process, int> spawn(const Command& command, int output, int error) {
  const local::Descriptor input = readable(command.input);
  if (!input) return errno;
  const Attributes told(input.number(), output, error);
  std::vector<char*> arguments = {const_cast<char*>(command.path.c_str())};
  if (!command.task.empty()) arguments.push_back(const_cast<char*>(command.task.c_str()));
  arguments.push_back(nullptr);
  std::vector<char*> environment;
  for (const std::string& each : command.environment)
    environment.push_back(const_cast<char*>(each.c_str()));
  environment.push_back(nullptr);
  Process made;
  if (const int failure = ::posix_spawn(&made.pid, command.path.c_str(), &told.files,
                                        &told.attributes, arguments.data(), environment.data()))
    return failure;
  made.start = start_of(made.pid).value_or(0);  // it is not reaped yet, so it is there
  return made;
}

std::optional<std::uint64_t> start_of(pid_t pid) {
  const std::string line = content_of("/proc/" + std::to_string(pid) + "/stat");
  // The name of the program stands in parentheses, and may hold anything. Behind it the start is
  // the twentieth word.
  const auto behind = line.rfind(')');
  if (behind == line.npos) return std::nullopt;
  std::istringstream words(line.substr(behind + 1));
  std::string word;
  for (int i = 0; i < 19; ++i) words >> word;
  std::uint64_t start = 0;
  if (!(words >> start)) return std::nullopt;
  return start;
}

Process eldest_with(std::string_view variable) {
  const std::string wanted = '\0' + std::string(variable) + '\0';
  Process eldest;
  std::error_code ignored;
  for (const auto& each : std::filesystem::directory_iterator("/proc", ignored)) {
    const std::string name = each.path().filename();
    pid_t pid = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), pid).ptr != &*name.end()) continue;
    const auto start = start_of(pid);
    if (!start || (eldest && eldest.start <= *start)) continue;
    if (('\0' + content_of(each.path() / "environ")).find(wanted) != std::string::npos)
      eldest = {pid, *start};
  }
  return eldest;
}

std::size_t kill_groups(std::span<const Process> lost, std::chrono::milliseconds patience) {
  std::vector<local::Descriptor> dying;
  for (const Process& each : lost) {
    local::Descriptor alive(pidfd_of(each.pid));
    if (!each || !alive || start_of(each.pid) != each.start) continue;
    ::kill(-each.pid, SIGKILL);
    dying.push_back(std::move(alive));
  }
  const auto end = std::chrono::steady_clock::now() + patience;
  return static_cast<std::size_t>(std::ranges::count_if(dying, [&](const auto& process) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(
        std::max(end - std::chrono::steady_clock::now(), std::chrono::nanoseconds(0)));
    pollfd gone{process.number(), POLLIN, 0};
    return ::poll(&gone, 1, static_cast<int>(left.count())) <= 0;
  }));
}

}  // namespace gyre::rm::execute
