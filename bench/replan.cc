// usage: replan FILE [ROUNDS] [--json]    What a plan takes in the resource manager: the document
// is there, a copy of it is made, planned, and its graph taken apart into what is to be begun. FILE
// is a cluster's document; tests/rm/oracle/speed.py --keep FOLDER makes some. Milliseconds.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "bench/numbers.hh"
#include "rm/cib/document.hh"
#include "rm/control/planning.hh"
#include "rm/control/transition.hh"

namespace {

using namespace gyre;
using Clock = std::chrono::steady_clock;

double once(pugi::xml_node cib, std::size_t& ready) {
  const auto begun = Clock::now();
  pugi::xml_document copy;
  copy.append_copy(cib);
  rm::control::Transition transition(
      rm::control::make_plan(copy.document_element(), 1'700'000'000));
  ready = transition.take_ready().size();
  return std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  const bool as_json = std::ranges::find(words, "--json") != words.end();
  if (words.empty() || words[0].starts_with("-")) {
    fmt::print(stderr, "usage: replan FILE [ROUNDS] [--json]\n");
    return 64;
  }
  std::ifstream file(words[0], std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  const auto loaded = rm::Document::load(text);
  if (const auto* fault = std::get_if<rm::Fault>(&loaded)) {
    fmt::print(stderr, "{}: {}\n", words[0], fault->text());
    return 1;
  }
  const int rounds = words.size() > 1 ? std::max(1, std::atoi(words[1].c_str())) : 20;
  std::size_t ready = 0;
  std::vector<double> taken;
  for (int i = 0; i < rounds; ++i)
    taken.push_back(once(std::get<rm::Document>(loaded).cib(), ready));
  const auto [least, most] = std::ranges::minmax(taken);
  const double middle = bench::median(taken);
  if (as_json)
    fmt::print("{}\n", nlohmann::json{{"median_ms", middle},
                                      {"least_ms", least},
                                      {"most_ms", most},
                                      {"rounds", rounds},
                                      {"ready", ready}}
                           .dump());
  else
    fmt::print("{:.1f} ms ({:.1f} to {:.1f}) in {} rounds; {} to begin at once\n", middle, least,
               most, rounds, ready);
  return 0;
}
