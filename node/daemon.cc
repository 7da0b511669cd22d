#include "node/daemon.hh"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <cstring>

namespace gyre::node {
namespace {

struct flock whole_file(short type) {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  return lock;
}

// A file that somebody laid there is not followed anywhere, and a FIFO keeps nobody waiting.
shm::Descriptor open_own(const std::string& path) {
  constexpr int flags = O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
  shm::Descriptor file(::open(path.c_str(), flags | O_CREAT | O_EXCL, 0644));
  if (file || errno != EEXIST) return file;
  file = shm::Descriptor(::open(path.c_str(), flags));
  struct stat facts {};
  if (!file) return file;
  // A second name would be that of a file of somebody else.
  if (::fstat(file.number(), &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_nlink == 1)
    return file;
  errno = EEXIST;
  return {};
}

}  // namespace

PidFile::PidFile(const std::string& run_dir) : path_(run_dir + "/gyred.pid") {
  if (::mkdir(run_dir.c_str(), 0755) != 0 && errno != EEXIST)
    throw StartError(Exit::lock, fmt::format("run directory {} cannot be made: {}", run_dir,
                                             std::strerror(errno)));
  file_ = open_own(path_);
  if (!file_)
    throw StartError(Exit::lock,
                     fmt::format("{} cannot be opened: {}", path_, std::strerror(errno)));
  struct flock lock = whole_file(F_WRLCK);
  if (::fcntl(file_.number(), F_SETLK, &lock) != 0) {
    if (errno != EAGAIN && errno != EACCES)
      throw StartError(Exit::lock,
                       fmt::format("{} cannot be locked: {}", path_, std::strerror(errno)));
    lock = whole_file(F_WRLCK);
    ::fcntl(file_.number(), F_GETLK, &lock);
    throw StartError(Exit::already_running,
                     fmt::format("gyred is already running with pid {} on this run directory ({})",
                                 lock.l_pid, run_dir));
  }
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(file_.number(), 0) != 0 ||
      ::write(file_.number(), pid.data(), pid.size()) != static_cast<ssize_t>(pid.size()))
    throw StartError(Exit::lock,
                     fmt::format("{} cannot be written: {}", path_, std::strerror(errno)));
}

PidFile::~PidFile() {
  ::unlink(path_.c_str());
}

Background::Background() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw StartError(Exit::fatal, fmt::format("pipe: {}", std::strerror(errno)));
  shm::Descriptor from_child(ends[0]);
  to_parent_ = shm::Descriptor(ends[1]);
  const pid_t child = ::fork();
  if (child < 0) throw StartError(Exit::fatal, fmt::format("fork: {}", std::strerror(errno)));
  if (child == 0) {
    ::setsid();
    return;
  }
  to_parent_ = shm::Descriptor();
  char byte;
  ssize_t got;
  while ((got = ::read(from_child.number(), &byte, 1)) < 0 && errno == EINTR) {
  }
  if (got == 1) ::_exit(0);
  int status = 0;
  ::waitpid(child, &status, 0);
  ::_exit(WIFEXITED(status) && WEXITSTATUS(status) != 0 ? WEXITSTATUS(status)
                                                        : static_cast<int>(Exit::fatal));
}

void Background::started() {
  if (::chdir("/") != 0)
    throw StartError(Exit::fatal, fmt::format("chdir /: {}", std::strerror(errno)));
  const shm::Descriptor null(::open("/dev/null", O_RDWR | O_CLOEXEC));
  for (const int standard : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
    if (null) ::dup2(null.number(), standard);
  const char byte = 1;
  if (::write(to_parent_.number(), &byte, 1) != 1) return;  // nobody waits any more
  to_parent_ = shm::Descriptor();
}

std::vector<std::string> allow_open_files(std::size_t clients_max) {
  // Two of each program; visitors, questions, links, files.
  const rlim_t wanted = 2 * clients_max + 512;
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return {fmt::format("getrlimit: {}", std::strerror(errno))};
  if (limit.rlim_cur >= wanted) return {};
  rlimit raised{wanted, std::max(limit.rlim_max, wanted)};
  if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) return {};
  raised = {std::min(limit.rlim_max, wanted), limit.rlim_max};
  if (::setrlimit(RLIMIT_NOFILE, &raised) == 0 && raised.rlim_cur == wanted) return {};
  return {fmt::format("clients_max: {} programs need {} open files, the system allows {}",
                      clients_max, wanted, raised.rlim_cur)};
}

std::vector<std::string> lock_memory() {
  // Without the privilege a lock would make later mappings fail instead of slow.
  const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
  if (::geteuid() != 0) return {"memory is not locked: that takes root"};
  if (::setrlimit(RLIMIT_MEMLOCK, &unlimited) != 0)
    return {fmt::format("memory is not locked: setrlimit: {}", std::strerror(errno))};
  // Only what is touched: most of what is mapped here is room for the worst case.
  if (::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) != 0)
    return {fmt::format("memory is not locked: mlockall: {}", std::strerror(errno))};
  return {};
}

std::vector<std::string> become_real_time(const std::string& priority) {
  if (::geteuid() != 0) return {"the scheduling class stays the ordinary one: SCHED_RR takes root"};
  const int lowest = ::sched_get_priority_min(SCHED_RR);
  const int highest = ::sched_get_priority_max(SCHED_RR);
  int number = highest;
  if (priority == "min") number = lowest;
  std::from_chars(priority.data(), priority.data() + priority.size(), number);
  const sched_param parameters{.sched_priority = std::clamp(number, lowest, highest)};
  if (::sched_setscheduler(0, SCHED_RR | SCHED_RESET_ON_FORK, &parameters) != 0)
    return {fmt::format("the scheduling class stays the ordinary one: sched_setscheduler: {}",
                        std::strerror(errno))};
  return {fmt::format("scheduling class SCHED_RR, priority {}", parameters.sched_priority)};
}

}  // namespace gyre::node
