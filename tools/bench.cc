// gyre bench: how fast the transport, the ring and the daemons of this machine are.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/clients.hh"
#include "bench/crowd.hh"
#include "bench/failover.hh"
#include "bench/pair.hh"
#include "bench/plot.hh"
#include "tools/command.hh"

namespace gyre::tools {
namespace {

using Json = nlohmann::ordered_json;

const std::map<std::string, node::Poll> polls{
    {"spin", node::Poll::spin}, {"adaptive", node::Poll::adaptive}, {"wait", node::Poll::wait}};

Json machine_json() {
  const bench::Machine machine = bench::machine();
  return {{"cpu", machine.cpu},
          {"cores", machine.cores},
          {"kernel", machine.kernel},
          {"load", bench::strain().load},
          {"version", GYRE_VERSION}};
}

void print(const Json& object) {
  fmt::print("{}\n", object.dump());
  std::fflush(stdout);
}

// --- raw and rotation: two processes of our own ---

struct PairArguments {
  std::vector<std::size_t> bytes{64, 256, 1400};
  std::vector<std::string> addresses{"127.0.0.1", "127.0.0.2"};
  std::vector<std::string> netns;
  std::vector<std::string> polls{"spin", "wait"};
  std::string transport = "udpu", interface = "lo";
  std::uint16_t port = 0;
  std::size_t blocks = 40, block_size = 500;
  bool unpinned = false, real_time = false;

  bench::PairSettings settings(const std::string& poll) const {
    bench::PairSettings settings;
    settings.link.kind = transport == "udp" ? udp::Kind::multicast : udp::Kind::unicast;
    settings.link.interface = interface;
    settings.link.port =
        port != 0 ? port : static_cast<std::uint16_t>(10001 + (::getpid() % 2000) * 4);
    for (std::size_t i = 0; i < 2; ++i) {
      settings.link.addresses[i] = addresses[i];
      settings.places[i] = {
          .netns = netns.empty() ? "" : netns[i], .pinned = !unpinned, .real_time = real_time};
    }
    settings.poll = tools::polls.at(poll);
    settings.blocks = blocks;
    settings.block_size = block_size;
    return settings;
  }
};

void add_pair_options(CLI::App& command, PairArguments& arguments) {
  command.add_option("--transport", arguments.transport, "udp or udpu")
      ->check(CLI::IsMember({"udp", "udpu"}))
      ->capture_default_str();
  command.add_option("--address", arguments.addresses, "of the two ends")->expected(2);
  command.add_option("--interface", arguments.interface, "of both ends")->capture_default_str();
  command.add_option("--netns", arguments.netns, "network namespaces of the two ends")->expected(2);
  command.add_option("--port", arguments.port,
                     "the first that is received on; takes four from its predecessor on");
  command.add_option("--poll", arguments.polls, "spin, adaptive, wait: one run for each")
      ->check(CLI::IsMember({"spin", "adaptive", "wait"}));
  command.add_option("--blocks", arguments.blocks, "how many of each kind")->capture_default_str();
  command.add_option("--block-size", arguments.block_size, "round trips of a block")
      ->capture_default_str();
  command.add_flag("--unpinned", arguments.unpinned, "do not pin the two to a core each");
  command.add_flag("--real-time", arguments.real_time, "SCHED_RR, as gyred (needs root)");
}

Json way_json(const bench::OneWay& way) {
  return {{"p50_ns", way.median},
          {"p99_ns", way.p99},
          {"mean_ns", way.mean},
          {"system_calls", way.system_calls}};
}

Json spread_json(const bench::Spread& spread) {
  return {{"median", spread.median},
          {"quartiles", {spread.quartile_low, spread.quartile_high}},
          {"interval95", {spread.sure_low, spread.sure_high}}};
}

void raw(const Common& common, const PairArguments& arguments) {
  for (const std::string& poll : arguments.polls) {
    for (const auto& result : bench::measure_raw(arguments.settings(poll), arguments.bytes)) {
      if (common.json) {
        print({{"measure", "raw"},
               {"poll", poll},
               {"transport", arguments.transport},
               {"bytes", result.bytes},
               {"round_trips", result.round_trips},
               {"one_way", way_json(result.raw)},
               {"machine", machine_json()}});
        continue;
      }
      fmt::print("{:<8} {:>5} B {:>7} round trips  one way: p50 {:.2f} us  p99 {:.2f} us\n", poll,
                 result.bytes, result.round_trips, result.raw.median / 1e3, result.raw.p99 / 1e3);
    }
  }
}

void print_spread(const char* name, const bench::Spread& spread) {
  fmt::print("  {:<20} {:.3f}  quartiles {:.3f} to {:.3f}, 95 % sure {:.3f} to {:.3f}\n", name,
             spread.median, spread.quartile_low, spread.quartile_high, spread.sure_low,
             spread.sure_high);
}

double steal_share(const bench::RotationResult& result) {
  const auto ticks = result.after.ticks - result.before.ticks;
  return ticks == 0 ? 0
                    : static_cast<double>(result.after.steal - result.before.steal) /
                          static_cast<double>(ticks);
}

void rotation(const Common& common, const PairArguments& arguments) {
  for (const std::string& poll : arguments.polls) {
    const auto result = bench::measure_rotation(arguments.settings(poll));
    if (common.json) {
      print({{"measure", "rotation"},
             {"poll", poll},
             {"transport", arguments.transport},
             {"bytes", result.bytes},
             {"hops", result.hops},
             {"hop", way_json(result.hop)},
             {"raw", way_json(result.raw)},
             {"ratio", spread_json(result.ratio)},
             {"mean_ratio", spread_json(result.mean_ratio)},
             {"p99_ratio", result.p99_ratio},
             {"self_ratio", spread_json(result.self_ratio)},
             {"steal", steal_share(result)},
             {"machine", machine_json()}});
      continue;
    }
    fmt::print("{}, {} blocks of each kind, datagrams of {} B\n", poll, arguments.blocks,
               result.bytes);
    const auto line = [](const char* name, const bench::OneWay& way) {
      fmt::print("  {:<20} p50 {:.2f} us  p99 {:.2f} us  mean {:.2f} us\n", name, way.median / 1e3,
                 way.p99 / 1e3, way.mean / 1e3);
    };
    line("raw, one way", result.raw);
    line("token hop", result.hop);
    print_spread("hop / raw", result.ratio);
    print_spread("the same, of means", result.mean_ratio);
    print_spread("raw / raw", result.self_ratio);
    fmt::print("  {:<20} {:.3f}\n  {:<20} {:.2f} beforehand, {:.1f} % stolen meanwhile\n",
               "of the p99s", result.p99_ratio, "load", result.before.load,
               100 * steal_share(result));
  }
}

// --- latency and throughput: programs of running daemons ---

struct ClientArguments {
  std::vector<std::string> run_dirs;
  std::vector<std::size_t> bytes{64, 1024, 8192, 65536};
  double seconds = 2;
  std::size_t senders = 1;
  bool safe = false, spin = false;
  std::string plot;

  bench::ClientSettings settings(std::size_t size) const {
    return {.run_dirs = run_dirs.empty() ? std::vector<std::string>{""} : run_dirs,
            .senders = senders,
            .bytes = size,
            .seconds = seconds,
            .guarantee = safe ? client::Guarantee::safe : client::Guarantee::agreed,
            .spin = spin};
  }
};

void add_client_options(CLI::App& command, ClientArguments& arguments) {
  command.add_option("--run-dir", arguments.run_dirs,
                     "where gyred's socket is (else $GYRE_RUN_DIR, else /run/gyre)");
  command.add_option("--bytes", arguments.bytes, "of a message, one run for each");
  command.add_option("--seconds", arguments.seconds, "length of a run")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command.add_flag("--safe", arguments.safe, "safe messages in place of agreed ones");
  command.add_flag("--spin", arguments.spin, "the program polls and never sleeps");
  command.add_option("--plot", arguments.plot, "draw what was measured into that file, as SVG")
      ->type_name("FILE.svg");
}

// How long one message of so many took, or longer.
void plot_latency(const std::string& path, const std::vector<bench::Curve>& curves) {
  bench::Axis shares{.title = "share of the messages that took no longer", .marks = {}};
  for (const auto& [n, text] : {std::pair(1, "0 %"),
                                {2, "50 %"},
                                {10, "90 %"},
                                {100, "99 %"},
                                {1000, "99.9 %"},
                                {10'000, "99.99 %"},
                                {100'000, "99.999 %"}}) {
    shares.marks.emplace_back(n, text);
    const auto is_drawn = [n = n](const bench::Curve& curve) {
      return curve.points.back().first <= n;
    };
    if (n > 1 && std::ranges::all_of(curves, is_drawn)) break;
  }
  bench::write_plot(path, bench::plot("own message to own delivery, microseconds", shares, curves));
}

void latency(const Common& common, const ClientArguments& arguments) {
  if (!arguments.plot.empty()) bench::begin_plot(arguments.plot);
  std::vector<bench::Curve> curves;
  for (const std::size_t bytes : arguments.bytes) {
    const bench::Latency result = bench::measure_latency(arguments.settings(bytes));
    if (common.json)
      print({{"measure", "latency"},
             {"bytes", bytes},
             {"safe", arguments.safe},
             {"spin", arguments.spin},
             {"messages", result.messages},
             {"p50_us", result.p50},
             {"p90_us", result.p90},
             {"p99_us", result.p99},
             {"p999_us", result.p999},
             {"max_us", result.most},
             {"machine", machine_json()}});
    else
      fmt::print(
          "latency    {:>6} B {:>8} messages  p50 {:.1f} us  p90 {:.1f} us  p99 {:.1f} us  "
          "p99.9 {:.1f} us\n",
          bytes, result.messages, result.p50, result.p90, result.p99, result.p999);
    std::fflush(stdout);
    curves.push_back({fmt::format("{} bytes", bytes), result.distribution});
  }
  if (!arguments.plot.empty()) plot_latency(arguments.plot, curves);
}

void plot_throughput(const std::string& path, const std::vector<bench::Curve>& curves) {
  bench::Axis sizes{.title = "bytes of a message", .marks = {}};
  for (const auto& [bytes, _] : curves.front().points)
    sizes.marks.emplace_back(bytes, fmt::format("{}", bytes));
  if (sizes.marks.front() == sizes.marks.back())
    sizes.marks.emplace_back(2 * sizes.marks.front().first, "");
  bench::write_plot(path, bench::plot("messages and megabytes per second", sizes, curves));
}

void throughput(const Common& common, const ClientArguments& arguments) {
  if (!arguments.plot.empty()) bench::begin_plot(arguments.plot);
  bench::Curve messages{"messages/s", {}}, amounts{"MB/s", {}};
  for (const std::size_t bytes : arguments.bytes) {
    const bench::Throughput result = bench::measure_throughput(arguments.settings(bytes));
    const auto megabytes = [&](double rate) { return rate * static_cast<double>(bytes) / 1e6; };
    messages.points.emplace_back(std::max<std::size_t>(bytes, 1), result.sent_rate);
    amounts.points.emplace_back(std::max<std::size_t>(bytes, 1), megabytes(result.sent_rate));
    if (common.json) {
      Json processes = Json::array();
      for (const auto& one : result.processes)
        processes.push_back({{"node", one.node},
                             {"sent", one.sent},
                             {"own_per_s", one.own_rate},
                             {"delivered_per_s", one.delivered_rate}});
      print({{"measure", "throughput"},
             {"bytes", bytes},
             {"senders", arguments.senders},
             {"safe", arguments.safe},
             {"messages_per_s", result.sent_rate},
             {"delivered_per_s", result.delivered_rate},
             {"mb_per_s", megabytes(result.sent_rate)},
             {"processes", processes},
             {"machine", machine_json()}});
      continue;
    }
    fmt::print("throughput {:>6} B {:>2} senders  {:.0f} messages/s  {:.2f} MB/s", bytes,
               arguments.senders, result.sent_rate, megabytes(result.sent_rate));
    fmt::print(", {:.0f}/s at the slowest receiver\n", result.delivered_rate);
    std::fflush(stdout);
  }
  std::ranges::sort(messages.points);
  std::ranges::sort(amounts.points);
  if (!arguments.plot.empty()) plot_throughput(arguments.plot, {messages, amounts});
}

void crowd(const Common& common, const bench::CrowdSettings& settings) {
  const bench::Crowd result = bench::measure_crowd(settings);
  if (common.json) {
    print({{"measure", "crowd"},
           {"programs", settings.programs},
           {"quiet_ns", result.quiet},
           {"one_ns", result.one},
           {"busy_ns", result.busy},
           {"to_quiet", spread_json(result.to_quiet)},
           {"to_one", spread_json(result.to_one)},
           {"programs_per_s", result.programs_per_second},
           {"silent_ns", result.silent},
           {"resident_bytes", result.resident_bytes},
           {"shared_bytes", result.shared_bytes},
           {"machine", machine_json()}});
    return;
  }
  fmt::print("{} programs, {:.0f} in a second, one after the other; then all at once\n",
             settings.programs, result.programs_per_second);
  const auto line = [](const char* name, double token) {
    fmt::print("  {:<23} token {:.1f} us\n", name, token / 1e3);
  };
  line("nobody else", result.quiet);
  line("one that says as much", result.one);
  line("they come and go", result.busy);
  line("all are silent", result.silent);
  print_spread("to nobody else", result.to_quiet);
  print_spread("to one", result.to_one);
  fmt::print("  {:<23} {:.1f} KiB resident in gyred, {:.1f} of it shared\n", "each silent one",
             result.resident_bytes / 1024, result.shared_bytes / 1024);
}

void failover(const Common& common, const bench::FailoverSettings& settings) {
  const bench::Failover result = bench::measure_failover(settings);
  if (common.json)
    return print({{"measure", "failover"},
                  {"members_before", result.members_before},
                  {"members_after", result.members_after},
                  {"command_ms", result.command},
                  {"view_ms", result.view},
                  {"silent_ms", result.silent},
                  {"usual_ms", result.usual},
                  {"machine", machine_json()}});
  fmt::print("{} members became {}; the command took {:.1f} ms\n", result.members_before,
             result.members_after, result.command);
  fmt::print("  {:<22} {:.1f} ms after the command began\n", "the view without it", result.view);
  fmt::print("  {:<22} {:.1f} ms at most, {:.1f} before\n", "nothing was delivered", result.silent,
             result.usual);
}

CLI::App* add_measurement(CLI::App& bench, Common& common, const std::string& name,
                          const std::string& description, const std::string& example) {
  CLI::App* command = bench.add_subcommand(name, description);
  command->add_flag("--json", common.json, "print JSON, one object per line");
  command->footer("Example:\n  " + example);
  return command;
}

void add_pair_commands(CLI::App& bench, Common& common) {
  auto arguments = std::make_shared<PairArguments>();
  CLI::App* command = add_measurement(
      bench, common, "raw",
      "Ping-pong of two processes over the daemon's own transport: the time of one way.",
      "gyre bench raw --bytes 64 1400 --poll spin");
  command->add_option("--bytes", arguments->bytes, "of a datagram, 48 to 1472, one run for each")
      ->check(CLI::Range(48, 1472));
  add_pair_options(*command, *arguments);
  command->callback([&common, arguments] { raw(common, *arguments); });

  arguments = std::make_shared<PairArguments>();
  command = add_measurement(bench, common, "rotation",
                            "The token hop of an idle ring of two that never holds its token, "
                            "beside ping-pong in alternating blocks.",
                            "gyre bench rotation --poll spin --json");
  add_pair_options(*command, *arguments);
  command->callback([&common, arguments] { rotation(common, *arguments); });
}

void add_client_commands(CLI::App& bench, Common& common) {
  auto arguments = std::make_shared<ClientArguments>();
  CLI::App* command =
      add_measurement(bench, common, "latency",
                      "Own message to own delivery through a running daemon, one outstanding.",
                      "gyre bench latency --run-dir /run/gyre --bytes 64");
  add_client_options(*command, *arguments);
  command->callback([&common, arguments] { latency(common, *arguments); });

  arguments = std::make_shared<ClientArguments>();
  command = add_measurement(bench, common, "throughput",
                            "Messages per second while the queue to the daemon is kept full. One "
                            "process for each --run-dir counts what it is handed.",
                            "gyre bench throughput --run-dir /run/gyre --bytes 64 1024");
  add_client_options(*command, *arguments);
  command->add_option("--senders", arguments->senders, "so many of the run directories send")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->callback([&common, arguments] {
    arguments->senders =
        std::min(arguments->senders, std::max<std::size_t>(arguments->run_dirs.size(), 1));
    throughput(common, *arguments);
  });
}

void add_failover(CLI::App& bench, Common& common) {
  auto settings = std::make_shared<bench::FailoverSettings>();
  CLI::App* command = add_measurement(
      bench, common, "failover",
      "How long a program hears nothing when a node dies, and when the view without that node "
      "comes. It says something each millisecond, for a second before and after.",
      "gyre bench failover --kill 'ssh node3 systemctl kill --signal=KILL corosync'");
  command->add_option("--run-dir", settings->run_dir,
                      "of a node that stays (else $GYRE_RUN_DIR, else /run/gyre)");
  command->add_option("--kill", settings->command, "a shell's command that ends another node")
      ->required();
  command->callback([&common, settings] { failover(common, *settings); });
}

void add_crowd(CLI::App& bench, Common& common) {
  auto settings = std::make_shared<bench::CrowdSettings>();
  CLI::App* command =
      add_measurement(bench, common, "crowd",
                      "What programs that come and go cost the token of a ring, in alternating "
                      "blocks, and what memory one takes that is silent. They go to the first "
                      "--run-dir; one at each lets the token not rest.",
                      "gyre bench crowd --run-dir /run/gyre --programs 1000");
  command->add_option("--run-dir", settings->run_dirs,
                      "where gyred's socket is (else $GYRE_RUN_DIR, else /run/gyre)");
  command->add_option("--programs", settings->programs, "how many")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command->add_option("--blocks", settings->blocks, "how many of each kind")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  command
      ->add_option("--rate", settings->rate,
                   "how many come in a second, else one after the other as fast as they can")
      ->check(CLI::Range(0.1, 1e6));
  command->callback([&common, settings] {
    if (settings->run_dirs.empty()) settings->run_dirs = {""};
    crowd(common, *settings);
  });
}

}  // namespace

void add_bench(CLI::App& app, Common& common) {
  CLI::App* bench =
      app.add_subcommand("bench", "Measures the transport, the ring and the daemons.");
  bench->require_subcommand(1);
  bench->footer("Example:\n  gyre bench rotation --poll spin");
  add_pair_commands(*bench, common);
  add_client_commands(*bench, common);
  add_crowd(*bench, common);
  add_failover(*bench, common);
}

}  // namespace gyre::tools
