#include "bench/partner.hh"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <stdexcept>
#include <system_error>

#include "node/daemon.hh"
#include "node/wait.hh"

namespace gyre::bench {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::system_error(errno, std::generic_category(), what);
}

// The `which`-th core that this process may use; all of them if there are too few.
void pin(int which) {
  cpu_set_t allowed, one;
  CPU_ZERO(&allowed);
  CPU_ZERO(&one);
  if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) fail("sched_getaffinity");
  for (int core = 0; core < CPU_SETSIZE; ++core) {
    if (!CPU_ISSET(core, &allowed) || which-- > 0) continue;
    CPU_SET(core, &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0) fail("sched_setaffinity");
    return;
  }
}

void settle(const PlaceToRun& place, int which) {
  if (place.pinned) pin(which);
  if (place.real_time) {
    node::lock_memory();
    node::become_real_time("max");
  }
  if (place.netns.empty()) return;
  const std::string path = "/run/netns/" + place.netns;
  const shm::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) fail(path);
  if (::setns(file.number(), CLONE_NEWNET) != 0) fail("setns " + path);
}

}  // namespace

Partner::Partner(const std::array<PlaceToRun, 2>& places,
                 const std::function<void(Control&)>& follow) {
  void* memory =
      ::mmap(nullptr, sizeof(Control), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) fail("mmap");
  control_ = new (memory) Control;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) fail("pipe2");
  heard_ = shm::Descriptor(ends[0]);
  shm::Descriptor bell(ends[1]);  // closed here, so that the follower's end is the only one
  control_->bell = bell.number();
  child_ = ::fork();
  if (child_ < 0) fail("fork");
  if (child_ > 0) {
    settle(places[0], 0);
    return;
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  int status = 0;
  try {
    settle(places[1], 1);
    follow(*control_);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "the second process: %s\n", error.what());
    status = 1;
  }
  ::_exit(status);
}

Partner::~Partner() {
  if (child_ > 0) {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
  }
  ::munmap(control_, sizeof(Control));
}

void Partner::check() {
  if (::waitpid(child_, nullptr, WNOHANG) != child_) return;
  child_ = -1;
  throw std::runtime_error("the second process has ended");
}

void Partner::enter(Phase phase) {
  const std::uint32_t count = (control_->said.load(std::memory_order_relaxed) >> 2) + 1;
  const std::uint32_t said = count << 2 | static_cast<std::uint32_t>(phase);
  control_->said.store(said, std::memory_order_release);
  constexpr int answer_ms = 10'000;
  pollfd answer{.fd = heard_.number(), .events = POLLIN, .revents = 0};
  char byte;
  if (::poll(&answer, 1, answer_ms) <= 0)
    throw std::runtime_error("the second process does not answer");
  if (::read(heard_.number(), &byte, 1) != 1)
    throw std::runtime_error("the second process has ended");
}

void hear(Control& control, std::uint32_t said) noexcept {
  control.heard.store(said, std::memory_order_release);
  const char byte = 0;
  if (::write(control.bell, &byte, 1) != 1) ::_exit(1);  // the leader is gone
}

}  // namespace gyre::bench
