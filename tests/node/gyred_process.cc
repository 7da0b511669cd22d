#include "tests/node/gyred_process.hh"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "tests/node/temporary.hh"

namespace gyre::test {
namespace {

using Clock = std::chrono::steady_clock;

int milliseconds_until(Clock::time_point end) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

}  // namespace

GyredProcess::GyredProcess(const std::vector<std::string>& arguments, const std::string& output,
                           const std::string& notify)
    : output_(output) {
  std::vector<std::string> words = {GYRED_PATH};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_ = ::fork();
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ > 0) return;
  const int file = ::open(output_.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0644);
  ::dup2(file, STDOUT_FILENO);
  ::dup2(file, STDERR_FILENO);
  ::unsetenv("NOTIFY_SOCKET");
  if (!notify.empty()) ::setenv("NOTIFY_SOCKET", notify.c_str(), 1);
  ::execv(GYRED_PATH, argv.data());
  ::_exit(127);
}

GyredProcess::~GyredProcess() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void GyredProcess::signal(int number) const {
  ::kill(pid_, number);
}

std::optional<Ended> GyredProcess::wait(std::chrono::seconds limit) {
  const shm::Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  pollfd ended{.fd = process.number(), .events = POLLIN, .revents = 0};
  const auto end = Clock::now() + limit;
  if (::poll(&ended, 1, milliseconds_until(end)) != 1) return std::nullopt;
  int status = 0;
  ::waitpid(std::exchange(pid_, -1), &status, 0);
  return Ended{WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), read_file(output_),
               WIFSIGNALED(status) && WCOREDUMP(status)};
}

NotifySocket::NotifySocket(const std::string& path)
    : path_(path), socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  if (::bind(socket_.number(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw std::system_error(errno, std::generic_category(), "bind " + path);
}

bool NotifySocket::wait_for(const std::string& words, std::chrono::seconds limit) {
  const auto end = Clock::now() + limit;
  for (;;) {
    pollfd readable{.fd = socket_.number(), .events = POLLIN, .revents = 0};
    if (::poll(&readable, 1, milliseconds_until(end)) != 1) return false;
    char text[512];
    const ssize_t size = ::recv(socket_.number(), text, sizeof text, 0);
    if (size > 0 &&
        std::string(text, static_cast<std::size_t>(size)).find(words) != std::string::npos)
      return true;
  }
}

}  // namespace gyre::test
