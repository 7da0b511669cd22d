#include "node/log.hh"

#include <gtest/gtest.h>

#include <algorithm>

#include "node/config.hh"
#include "node/wait.hh"
#include "tests/node/temporary.hh"
#include "tests/transport/allocations.hh"

namespace gyre::node {
namespace {

std::string next(Log& log) {
  LogRecord record;
  return log.next(record) ? text(record) : "nothing";
}

TEST(Log, MakesWordsOfNumbersAndTexts) {
  Log log;
  const std::string name = "gamma";
  log.write(Time{}, LogLevel::info, "node {} ({}) left after {} ms, {:#x}", 3u, name, -5,
            std::uint64_t{255});
  EXPECT_EQ(next(log), "node 3 (gamma) left after -5 ms, 0xff");
  EXPECT_EQ(next(log), "nothing");
}

TEST(Log, CutsTextsThatAreTooLong) {
  Log log;
  const std::string longer(500, 'x');
  log.write(Time{}, LogLevel::info, "{}|{}", longer, "lost");
  EXPECT_EQ(next(log), std::string(LogRecord::text_max, 'x') + "|");
}

TEST(Log, WritingAllocatesNothing) {
  Log log(4);
  const std::string name = "a name that is longer than what a string keeps in itself";
  const std::size_t before = allocations();
  for (int i = 0; i < 10; ++i) log.write(Time{}, LogLevel::error, "{} {}", name, i);
  EXPECT_EQ(allocations(), before);
}

TEST(Log, CountsWhatFoundNoRoom) {
  Log log(4);
  EXPECT_FALSE(log.take_pending());
  for (int i = 0; i < 6; ++i) log.write(Time{}, LogLevel::info, "{}", i);
  EXPECT_EQ(log.dropped(), 2u);
  EXPECT_TRUE(log.take_pending());
  EXPECT_FALSE(log.take_pending());
  EXPECT_EQ(next(log), "0");
}

LoggingConfig file_only(const std::string& path) {
  LoggingConfig config;
  config.to_stderr = config.to_syslog = false;
  config.to_logfile = true;
  config.logfile = path;
  return config;
}

TEST(LogWriter, WritesTheFileByPriorityAndOpensItAgain) {
  test::TemporaryDirectory directory;
  LogWriter writer(file_only(directory / "log"), true);
  writer.write(make_record(clock_now(), LogLevel::info, "first {}", 1));
  writer.write(make_record(clock_now(), LogLevel::debug, "not asked for"));
  EXPECT_NE(test::read_file(directory / "log").find("info: first 1\n"), std::string::npos);
  EXPECT_EQ(test::read_file(directory / "log").find("not asked"), std::string::npos);

  std::filesystem::rename(directory / "log", directory / "log.1");
  writer.write(LogLevel::info, "second");
  EXPECT_FALSE(std::filesystem::exists(directory / "log"));
  writer.reopen();
  writer.write(LogLevel::info, "third");
  EXPECT_NE(test::read_file(directory / "log.1").find("second"), std::string::npos);
  EXPECT_NE(test::read_file(directory / "log").find("third"), std::string::npos);
}

TEST(LogWriter, WritesOneLineWhateverStandsInIt) {
  test::TemporaryDirectory directory;
  LogWriter writer(file_only(directory / "log"), true);
  const std::string words = "\x1b[2J\nNov 29 gyred: caf\u00e9\x7f";
  const std::string line = "info: \\x1b[2J\\x0aNov 29 gyred: caf\u00e9\\x7f\n";
  writer.write(LogLevel::info, words);
  EXPECT_TRUE(test::read_file(directory / "log").ends_with(line));
  writer.write(make_record(clock_now(), LogLevel::info, "{}", words));
  EXPECT_TRUE(test::read_file(directory / "log").ends_with(line));
}

// CVE-2023-39976: a long message ran over the end of a buffer.
TEST(LogWriter, Takes64KilobytesInOneLine) {
  const test::TemporaryDirectory directory;
  {
    LogWriter writer(file_only(directory / "log"), true);
    writer.write(LogLevel::info, std::string(64 << 10, 'x') + "\n\x1b");
    const std::string long_text(64 << 10, 'z');
    writer.write(make_record(clock_now(), LogLevel::info, "{}", std::string_view(long_text)));
  }
  const std::string text = test::read_file(directory / "log");
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 2);
  EXPECT_EQ(std::count(text.begin(), text.end(), 'x'), (64 << 10) + 2) << "and two escapes";
  EXPECT_EQ(std::count(text.begin(), text.end(), 'z'),
            static_cast<std::ptrdiff_t>(LogRecord::text_max));
}

TEST(LogWriter, TakesWhatIsMeantForDebuggingWhileItIsToldTo) {
  test::TemporaryDirectory directory;
  LogWriter writer(file_only(directory / "log"), true);
  const auto says = [&](const std::string& words) {
    writer.write(LogLevel::debug, words);
    return test::read_file(directory / "log").find(words) != std::string::npos;
  };
  EXPECT_FALSE(says("first"));
  writer.set_debug(true);
  EXPECT_TRUE(says("second"));
  writer.reopen();
  EXPECT_TRUE(says("third"));
  writer.set_debug(false);
  EXPECT_FALSE(says("fourth"));
}

TEST(LogWriter, NamesAFileThatCannotBeOpened) {
  test::TemporaryDirectory directory;
  test::write_file(directory / "file", "");
  try {
    LogWriter writer(file_only(directory / "file/log"), true);
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_NE(std::string(error.what()).find(directory / "file/log"), std::string::npos);
  }
}

}  // namespace
}  // namespace gyre::node
