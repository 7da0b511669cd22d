// Measures any daemon that offers libcpg: how long a message of ours takes until it is delivered to
// us in the agreed order, and how many go through while the queue to the daemon is kept full. The
// same program, run against Corosync and against gyred's libcpg, makes the two comparable.
#include <corosync/cpg.h>
#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

// The callbacks of libcpg carry no argument of ours.
std::atomic<std::uint64_t> delivered = 0;      // own messages
std::atomic<std::uint64_t> delivered_all = 0;  // of every sender
std::atomic<Clock::time_point> first_delivery, last_delivery;
std::atomic<std::size_t> members = 0;
unsigned own_node = 0;

void check(cs_error_t error, const char* call) {
  if (error != CS_OK)
    throw std::runtime_error(std::string(call) + ": error " + std::to_string(error));
}

class Group {
 public:
  Group() {
    cpg_callbacks_t callbacks{};
    callbacks.cpg_deliver_fn = [](cpg_handle_t, const cpg_name*, std::uint32_t node,
                                  std::uint32_t pid, void*, std::size_t) {
      if (node == own_node && pid == static_cast<std::uint32_t>(getpid())) ++delivered;
      const auto now = Clock::now();
      if (delivered_all++ == 0) first_delivery = now;
      last_delivery = now;
    };
    callbacks.cpg_confchg_fn = [](cpg_handle_t, const cpg_name*, const cpg_address*,
                                  std::size_t count, const cpg_address*, std::size_t,
                                  const cpg_address*, std::size_t) { members = count; };
    check(cpg_initialize(&handle_, &callbacks), "cpg_initialize (does a daemon run?)");
    cpg_name name{.length = 6, .value = "cpglat"};
    check(cpg_join(handle_, &name), "cpg_join");
    check(cpg_local_get(handle_, &own_node), "cpg_local_get");
    check(cpg_fd_get(handle_, &fd_), "cpg_fd_get");
  }
  ~Group() { cpg_finalize(handle_); }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  // False: the daemon's flow control says later.
  bool send(std::vector<char>& payload) {
    iovec part{payload.data(), payload.size()};
    const cs_error_t error = cpg_mcast_joined(handle_, CPG_TYPE_AGREED, &part, 1);
    if (error != CS_ERR_TRY_AGAIN) check(error, "cpg_mcast_joined");
    return error == CS_OK;
  }
  void take_deliveries(int wait_ms) {
    pollfd ready{fd_, POLLIN, 0};
    if (poll(&ready, 1, wait_ms) > 0) check(cpg_dispatch(handle_, CS_DISPATCH_ALL), "cpg_dispatch");
  }
  void wait_for(std::uint64_t count) {
    await([&] { return delivered >= count; }, "messages were not delivered in 10 s");
  }
  void wait_for_members(std::size_t count) {
    await([&] { return members >= count; }, "the group is not complete after 10 s");
  }
  template <typename Condition>
  void await(Condition condition, const char* otherwise) {
    const auto give_up = Clock::now() + std::chrono::seconds(10);
    while (!condition()) {
      if (Clock::now() > give_up) throw std::runtime_error(otherwise);
      take_deliveries(100);
    }
  }

 private:
  cpg_handle_t handle_{};
  int fd_ = -1;
};

// One message outstanding: sent, and waited for.
void measure_latency(Group& group, std::size_t bytes, double seconds, bool json) {
  std::vector<char> payload(bytes);
  std::vector<double> micros;
  const auto start = Clock::now();
  while (Clock::now() - start < Seconds(seconds)) {
    const std::uint64_t target = delivered + 1;
    const auto sent = Clock::now();
    while (!group.send(payload)) group.take_deliveries(1);
    group.wait_for(target);
    micros.push_back(Seconds(Clock::now() - sent).count() * 1e6);
  }
  std::sort(micros.begin(), micros.end());
  const auto percentile = [&](double share) {
    return micros[static_cast<std::size_t>(share * static_cast<double>(micros.size() - 1))];
  };
  std::printf(json ? "{\"measure\": \"latency\", \"bytes\": %zu, \"messages\": %zu, "
                     "\"p50_us\": %.1f, \"p90_us\": %.1f, \"p99_us\": %.1f, \"p999_us\": %.1f}\n"
                   : "latency    %6zu B %8zu messages  p50 %.1f us  p90 %.1f us  p99 %.1f us  "
                     "p99.9 %.1f us\n",
              bytes, micros.size(), percentile(0.5), percentile(0.9), percentile(0.99),
              percentile(0.999));
}

// Of every sender, from the first delivery to the last.
double delivered_rate() {
  const double seconds = Seconds(last_delivery.load() - first_delivery.load()).count();
  return static_cast<double>(delivered_all) / seconds;
}

// What others send, until nothing has come for a second.
void count_deliveries(Group& group, std::size_t bytes, bool json) {
  group.await([] { return delivered_all > 0; }, "nobody sent anything for 10 s");
  while (Clock::now() - last_delivery.load() < std::chrono::seconds(1)) group.take_deliveries(100);
  std::printf(json ? "{\"measure\": \"count\", \"bytes\": %zu, \"messages\": %lu, "
                     "\"delivered_per_s\": %.0f}\n"
                   : "count      %6zu B %8lu messages  %.0f messages/s delivered\n",
              bytes, static_cast<unsigned long>(delivered_all.load()), delivered_rate());
}

// As many as the daemon takes, with a thread of its own for the deliveries; counted until the last
// one is delivered.
void measure_throughput(Group& group, std::size_t bytes, double seconds, bool json) {
  std::vector<char> payload(bytes);
  const std::uint64_t before = delivered;
  std::uint64_t sent = 0;
  const auto start = Clock::now();
  {
    std::jthread receiver([&](std::stop_token stop) {
      while (!stop.stop_requested()) group.take_deliveries(10);
    });
    while (Clock::now() - start < Seconds(seconds))
      if (group.send(payload)) ++sent;
  }
  group.wait_for(before + sent);
  const double rate = static_cast<double>(sent) / Seconds(Clock::now() - start).count();
  std::printf(json ? "{\"measure\": \"throughput\", \"bytes\": %zu, \"messages\": %lu, "
                     "\"messages_per_s\": %.0f, \"mb_per_s\": %.2f, "
                     "\"delivered_per_s\": %.0f}\n"
                   : "throughput %6zu B %8lu messages  %.0f messages/s  %.2f MB/s, "
                     "%.0f messages/s delivered\n",
              bytes, static_cast<unsigned long>(sent), rate,
              rate * static_cast<double>(bytes) / 1e6, delivered_rate());
}

}  // namespace

int main(int argc, char** argv) try {
  CLI::App app{"Measures the daemon behind libcpg: own message to own delivery."};
  app.footer("Example: cpglat --seconds 2 latency 64 1024");
  std::string measure;
  std::vector<std::size_t> sizes;
  double seconds = 2;
  std::size_t wanted = 1;
  bool json = false;
  app.add_option("measure", measure, "what to measure")
      ->required()
      ->check(CLI::IsMember({"latency", "throughput", "count"}));
  app.add_option("sizes", sizes, "bytes of a message, one run for each")->required();
  app.add_option("--seconds", seconds, "length of each run")->check(CLI::PositiveNumber);
  app.add_option("--members", wanted, "begin when the group has so many");
  app.add_flag("--json", json, "one object per line");
  CLI11_PARSE(app, argc, argv);

  Group group;
  group.wait_for_members(wanted);
  for (const std::size_t bytes : sizes) {
    if (measure == "latency")
      measure_latency(group, bytes, seconds, json);
    else if (measure == "count")
      count_deliveries(group, bytes, json);
    else
      measure_throughput(group, bytes, seconds, json);
    std::fflush(stdout);
  }
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "cpglat: %s\n", error.what());
  return 1;
}
