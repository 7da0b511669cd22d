// A fuzz target without a fuzzer: its corpus, then mutations of it by a fixed seed.
//
//   fuzz-NAME CORPUS [SECONDS]    as a test, and with SECONDS by hand
//   fuzz-NAME FILE...             those inputs only, to see a crash again
//
// An input that breaks an assertion is left in crash-NAME in the working folder.
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "tests/fuzz/script.hh"

namespace {

using Input = std::vector<std::uint8_t>;

const Input* current = nullptr;
std::string crash_file;

void keep_input(int signal_number) {
  if (std::FILE* file = std::fopen(crash_file.c_str(), "wb")) {
    std::fwrite(current->data(), 1, current->size(), file);
    std::fclose(file);
    std::fprintf(stderr, "the input is in %s\n", crash_file.c_str());
  }
  std::signal(signal_number, SIG_DFL);
  std::raise(signal_number);
}

void run(const Input& input) {
  current = &input;
  LLVMFuzzerTestOneInput(input.data(), input.size());
}

Input read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<Input> read_all(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  if (std::filesystem::exists(folder))
    for (const auto& entry : std::filesystem::directory_iterator(folder))
      paths.push_back(entry.path());
  std::ranges::sort(paths);
  std::vector<Input> inputs;
  for (const auto& path : paths) inputs.push_back(read(path));
  inputs.push_back({});
  return inputs;
}

class Mutator {
 public:
  explicit Mutator(std::vector<Input> corpus) : corpus_(std::move(corpus)) {}

  const Input& next() {
    input_ = any();
    for (auto count = 1 + random_() % 4; count > 0; --count) change();
    return input_;
  }

 private:
  static constexpr std::size_t input_max = 4096;

  const Input& any() { return corpus_[random_() % corpus_.size()]; }
  void change() {
    const std::size_t at = input_.empty() ? 0 : random_() % input_.size();
    const auto place = input_.begin() + static_cast<std::ptrdiff_t>(at);
    switch (random_() % 6) {
      case 0:  // a byte
        if (!input_.empty()) *place = static_cast<std::uint8_t>(random_());
        return;
      case 1:  // a bit
        if (!input_.empty()) *place ^= static_cast<std::uint8_t>(1 << random_() % 8);
        return;
      case 2:  // the end is cut off
        input_.resize(at);
        return;
      case 3: {  // an edge of a number
        static constexpr std::array<std::uint8_t, 6> edges = {0, 1, 0x7f, 0x80, 0xfe, 0xff};
        const std::uint8_t edge = edges[random_() % edges.size()];
        const std::size_t width = std::min<std::size_t>(1 << random_() % 4, input_.size() - at);
        std::fill_n(place, width, edge);
        return;
      }
      case 4:  // bytes in between
        if (input_.size() < input_max)
          input_.insert(place, 1 + random_() % 16, static_cast<std::uint8_t>(random_()));
        return;
      case 5: {  // the end of another
        const Input& other = any();
        input_.resize(at);
        const std::size_t from = other.empty() ? 0 : random_() % other.size();
        input_.insert(input_.end(), other.begin() + static_cast<std::ptrdiff_t>(from), other.end());
        return;
      }
    }
  }

  std::vector<Input> corpus_;
  Input input_;
  std::mt19937_64 random_{1};
};

}  // namespace

int main(int count, char** arguments) {
  const std::filesystem::path program = arguments[0];
  crash_file = "crash-" + program.filename().string();
  std::signal(SIGABRT, keep_input);
  std::signal(SIGSEGV, keep_input);
  if (count < 2) return 2;
  if (std::filesystem::is_regular_file(arguments[1])) {
    for (int i = 1; i < count; ++i) run(read(arguments[i]));
    return 0;
  }
  auto corpus = read_all(arguments[1]);
  for (const Input& input : corpus) run(input);

  using Clock = std::chrono::steady_clock;
  const auto end =
      Clock::now() + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(
                         count > 2 ? std::strtod(arguments[2], nullptr) : 1.0));
  Mutator mutator(std::move(corpus));
  std::uint64_t executions = 0;
  for (; Clock::now() < end; ++executions) run(mutator.next());
  std::printf("%s: %llu executions\n", program.filename().c_str(),
              static_cast<unsigned long long>(executions));
  return 0;
}
