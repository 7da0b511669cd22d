#include "rm/execute/agents.hh"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <system_error>

namespace gyre::rm::execute {
namespace {

// At once: the loop has others to serve, and what an agent leaves running may write for ever.
constexpr int reads_max = 16;

enum class Heard { all, more, end };

Heard hear(int descriptor, Output& output, void (Output::*add)(std::string_view)) {
  std::array<char, 8192> bytes;
  for (int i = 0; i < reads_max; ++i) {
    const ssize_t size = ::read(descriptor, bytes.data(), bytes.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return errno == EAGAIN ? Heard::all : Heard::end;
    if (size == 0) return Heard::end;
    (output.*add)({bytes.data(), static_cast<std::size_t>(size)});
  }
  return Heard::more;
}

struct PipeEnds {
  local::Descriptor reads, writes;

  PipeEnds() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return;
    reads = local::Descriptor(ends[0]);
    writes = local::Descriptor(ends[1]);
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  }
};

}  // namespace

Agents::Agents(local::Loop& loop, Ended ended)
    : loop_(loop), ended_(std::move(ended)), child_(loop.signal(SIGCHLD, [this] { reap(); })) {
  if (::prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
    throw std::system_error(errno, std::generic_category(), "PR_SET_CHILD_SUBREAPER");
}

std::optional<Result> Agents::begin(Id id, const Command& command, std::size_t output_max) {
  PipeEnds out, error;
  if (!out.reads || !error.reads) return not_executed(command.path, errno);
  const auto made = spawn(command, out.writes.number(), error.writes.number());
  if (const int* failure = std::get_if<int>(&made)) return not_executed(command.path, *failure);
  const Process process = std::get<Process>(made);
  Running& running = running_
                         .insert_or_assign(id, Running{process,
                                                       Output(output_max),
                                                       {std::move(out.reads), {}},
                                                       {std::move(error.reads), {}}})
                         .first->second;
  by_pid_[process.pid] = id;
  listen(running, running.out, &Output::add_output);
  listen(running, running.error, &Output::add_error);
  return std::nullopt;
}

void Agents::listen(Running& running, Pipe& pipe, void (Output::*add)(std::string_view)) {
  pipe.source = loop_.io(pipe.descriptor.number(), EPOLLIN, [&, add](std::uint32_t) {
    if (hear(pipe.descriptor.number(), running.output, add) == Heard::end) pipe.source = {};
  });
}

void Agents::kill(Id id) {
  if (const Process found = process(id)) ::kill(-found.pid, SIGKILL);
}

void Agents::abandon(Id id) {
  if (const Process found = process(id)) by_pid_.erase(found.pid);
  running_.erase(id);
}

Process Agents::process(Id id) const {
  const auto found = running_.find(id);
  return found == running_.end() ? Process{} : found->second.process;
}

// Its own agents, and what they left: those have nobody else.
void Agents::reap() {
  for (;;) {
    siginfo_t found{};
    if (::waitid(P_ALL, 0, &found, WEXITED | WNOHANG) != 0 || found.si_pid == 0) return;
    const auto known = by_pid_.find(found.si_pid);
    if (known == by_pid_.end()) continue;
    const Id id = known->second;
    by_pid_.erase(known);
    end(id, found.si_code, found.si_status);
  }
}

void Agents::end(Id id, int code, int status) {
  const auto place = running_.find(id);
  Running& running = place->second;
  hear(running.out.descriptor.number(), running.output, &Output::add_output);
  hear(running.error.descriptor.number(), running.output, &Output::add_error);
  running.output.end();
  Result result;
  result.exit_reason = running.output.exit_reason();
  result.output = running.output.output();
  result.complaints = running.output.complaints();
  if (code == CLD_EXITED) {
    result.rc = status;
  } else {
    result.status = Outcome::Status::error;
    result.rc = ocf_failed;
    result.signal = status;
  }
  running_.erase(place);
  ended_(id, std::move(result));
}

}  // namespace gyre::rm::execute
