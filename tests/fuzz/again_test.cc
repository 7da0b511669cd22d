// A storm that is run again, after others, is the same storm: nothing of one reaches the next.
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "tests/fuzz/ring_storm.hh"

int main(int, char** arguments) {
  std::vector<std::vector<char>> inputs;
  for (const auto& entry : std::filesystem::directory_iterator(arguments[1])) {
    std::ifstream file(entry.path(), std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  const auto run = [](const std::vector<char>& input) {
    return gyre::fuzz::run_storm(
        {reinterpret_cast<const std::uint8_t*>(input.data()), input.size()});
  };
  std::vector<std::uint64_t> first;
  for (const auto& input : inputs) first.push_back(run(input));
  std::size_t different = 0;
  for (std::size_t i = inputs.size(); i-- > 0;) different += run(inputs[i]) != first[i];
  std::printf("%zu storms, %zu of them different when run again\n", inputs.size(), different);
  return inputs.empty() || different > 0;
}
