// What gyred asks of the kernel once it has started: the list of calls, for the filter that refuses
// all others.
//
// Refused is answered with EPERM and written down by the kernel, not with death: a C library that
// was updated may use a new call where it can do without, and a node that is killed is a node that
// is fenced. For whoever runs his own code in gyred, a call that fails is as good as none.
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <string>

#include "node/daemon.hh"
#include "node/privileges.hh"

namespace gyre::node {
namespace {

#define CALL(name) SCMP_SYS(name)
constexpr int calls[] = {
    // Frames, programs, metrics; the log's and systemd's sockets; name servers in a reload.
    CALL(socketpair), CALL(bind), CALL(connect), CALL(listen), CALL(accept), CALL(accept4),
    CALL(getsockname), CALL(getpeername), CALL(getsockopt), CALL(setsockopt), CALL(shutdown),
    CALL(sendto), CALL(sendmsg), CALL(sendmmsg), CALL(recvfrom), CALL(recvmsg), CALL(recvmmsg),
    CALL(ioctl),
    // Descriptors, and waiting for them.
    CALL(read), CALL(write), CALL(readv), CALL(writev), CALL(pread64), CALL(pwrite64), CALL(close),
    CALL(dup), CALL(dup2), CALL(dup3), CALL(fcntl), CALL(lseek), CALL(pipe2), CALL(poll),
    CALL(ppoll), CALL(select), CALL(pselect6), CALL(epoll_create1), CALL(epoll_ctl),
    CALL(epoll_wait), CALL(epoll_pwait), CALL(epoll_pwait2), CALL(eventfd2), CALL(signalfd4),
    CALL(timerfd_create), CALL(timerfd_settime), CALL(timerfd_gettime),
    // Files: the configuration, the log, the state, the record.
    CALL(open), CALL(openat), CALL(stat), CALL(lstat), CALL(fstat), CALL(newfstatat), CALL(statx),
    CALL(statfs), CALL(fstatfs), CALL(access), CALL(faccessat), CALL(faccessat2), CALL(readlink),
    CALL(readlinkat), CALL(getdents64), CALL(getcwd), CALL(chdir), CALL(umask), CALL(mkdir),
    CALL(mkdirat), CALL(unlink), CALL(unlinkat), CALL(rename), CALL(renameat), CALL(renameat2),
    CALL(ftruncate), CALL(fallocate), CALL(fsync), CALL(fdatasync), CALL(fadvise64),
    // Memory: of programs, of the process, of its keys.
    CALL(memfd_create), CALL(munmap), CALL(mremap), CALL(madvise), CALL(msync), CALL(brk),
    CALL(mlock), CALL(mlock2), CALL(munlock), CALL(mlockall), CALL(munlockall), CALL(membarrier),
    // Threads, signals and what is asked about oneself.
    CALL(futex), CALL(set_robust_list), CALL(get_robust_list), CALL(rseq), CALL(set_tid_address),
    CALL(exit), CALL(exit_group), CALL(restart_syscall), CALL(tgkill), CALL(rt_sigaction),
    CALL(rt_sigprocmask), CALL(rt_sigreturn), CALL(rt_sigpending), CALL(rt_sigtimedwait),
    CALL(sigaltstack), CALL(sched_yield), CALL(sched_getaffinity), CALL(sched_setaffinity),
    CALL(sched_getparam), CALL(sched_setparam), CALL(sched_getscheduler), CALL(sched_setscheduler),
    CALL(sched_get_priority_max), CALL(sched_get_priority_min), CALL(getpriority), CALL(prctl),
    CALL(getpid), CALL(getppid), CALL(gettid), CALL(getuid), CALL(geteuid), CALL(getgid),
    CALL(getegid), CALL(getresuid), CALL(getresgid), CALL(getgroups), CALL(getpgrp),
    CALL(getrlimit), CALL(setrlimit), CALL(prlimit64), CALL(getrusage), CALL(sysinfo), CALL(uname),
    CALL(getcpu), CALL(getrandom), CALL(clock_gettime), CALL(clock_getres), CALL(clock_nanosleep),
    CALL(nanosleep), CALL(gettimeofday), CALL(time)};
#undef CALL

// Argument `index` of a call, if what `mask` lets through of it is `value`.
scmp_arg_cmp argument(unsigned index, std::uint64_t mask, std::uint64_t value) {
  return {.arg = index, .op = SCMP_CMP_MASKED_EQ, .datum_a = mask, .datum_b = value};
}

class Filter {
 public:
  Filter() : filter_(::seccomp_init(SCMP_ACT_ERRNO(EPERM))) {
    if (!filter_) fail("seccomp_init", ENOMEM);
    // An older kernel only does not write refused calls down.
    static_cast<void>(::seccomp_attr_set(filter_, SCMP_FLTATR_CTL_LOG, 1));
    check(::seccomp_attr_set(filter_, SCMP_FLTATR_CTL_NNP, 1), "NNP");
    check(::seccomp_attr_set(filter_, SCMP_FLTATR_CTL_TSYNC, 1), "TSYNC");
    check(::seccomp_attr_set(filter_, SCMP_FLTATR_CTL_OPTIMIZE, 2), "OPTIMIZE");
  }
  ~Filter() { ::seccomp_release(filter_); }
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  void allow(int call) { check(::seccomp_rule_add(filter_, SCMP_ACT_ALLOW, call, 0), "rule"); }
  void allow(int call, const scmp_arg_cmp& argument) {
    check(::seccomp_rule_add(filter_, SCMP_ACT_ALLOW, call, 1, argument), "rule");
  }
  void answer(int call, int error) {
    check(::seccomp_rule_add(filter_, SCMP_ACT_ERRNO(static_cast<std::uint32_t>(error)), call, 0),
          "rule");
  }
  void load() { check(::seccomp_load(filter_), "load"); }

 private:
  [[noreturn]] static void fail(const char* what, int error) {
    throw StartError(Exit::fatal, std::string("the filter of system calls: ") + what + ": " +
                                      std::strerror(error));
  }
  static void check(int result, const char* what) {
    if (result < 0) fail(what, -result);
  }

  scmp_filter_ctx filter_;
};

}  // namespace

void allow_known_calls() {
  if (!calls_are_filtered) return;
  Filter filter;
  for (const int call : calls) filter.allow(call);
  constexpr std::uint64_t int_bits = UINT32_MAX;  // what stands above is nobody's
  for (const std::uint64_t domain : {AF_UNIX, AF_INET, AF_INET6, AF_NETLINK})
    filter.allow(SCMP_SYS(socket), argument(0, int_bits, domain));
  // Threads, but no processes. What clone3 wants cannot be seen from here; a C library then asks
  // with clone.
  filter.allow(SCMP_SYS(clone), argument(0, CLONE_THREAD, CLONE_THREAD));
  filter.answer(SCMP_SYS(clone3), ENOSYS);
  // No memory is ever written and run.
  constexpr std::uint64_t both = PROT_WRITE | PROT_EXEC;
  for (const std::uint64_t one :
       {std::uint64_t{0}, std::uint64_t{PROT_WRITE}, std::uint64_t{PROT_EXEC}})
    filter.allow(SCMP_SYS(mmap), argument(2, both, one));
  filter.allow(SCMP_SYS(mprotect), argument(2, PROT_EXEC, 0));
  filter.load();
}

}  // namespace gyre::node
