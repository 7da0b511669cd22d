#include "rm/execute/words.hh"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace gyre::rm::execute {
namespace {

using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

const Operation operation{"start:3:0:x",
                          "d:1",
                          "ocf",
                          "heartbeat",
                          "Dummy",
                          "start",
                          "",
                          10s,
                          20s,
                          1s,
                          {{"a", "ü\n\""}, {"b", ""}}};
const Outcome outcome{"start:3:0:x", Outcome::Status::timed_out, 1, "why", "out", 1234, 5ms, 6ms};

TEST(Words, OfARequestComeBackAsTheyWere) {
  EXPECT_EQ(std::get<execute::Run>(read_request(text_of(execute::Run{operation}))).operation,
            operation);
  EXPECT_EQ(std::get<Cancel>(read_request(text_of(Cancel{"k"}))).key, "k");
  EXPECT_EQ(std::get<Hello>(read_request(text_of(Hello{7}))).version, 7);
  EXPECT_EQ(std::get<Acknowledge>(read_request(text_of(Acknowledge{~0ULL}))).serial, ~0ULL);
}

TEST(Words, NameWhoIsToBeFenced) {
  Operation fencing = operation;
  fencing.target = "n2";
  EXPECT_EQ(std::get<execute::Run>(read_request(text_of(execute::Run{fencing}))).operation,
            fencing);
}

TEST(Words, OfAnAnswerComeBackAsTheyWere) {
  const Standing standing{5,
                          {{"a", Job::State::delayed, "start"},
                           {"b", Job::State::over, "stop"},
                           {"c", Job::State::running, "migrate_to"}}};
  EXPECT_EQ(std::get<Standing>(read_answer(text_of(standing))), standing);
  const Report report{9, outcome};
  EXPECT_EQ(std::get<Report>(read_answer(text_of(report))), report);
  EXPECT_EQ(std::get<Refused>(read_answer(text_of(Refused{"no"}))).why, "no");
}

TEST(Words, CarryWhatIsNoUtf8) {
  Outcome printed = outcome;
  printed.output = "a\xff\xfe";
  printed.output += '\0';
  const Report report = std::get<Report>(read_answer(text_of(Report{1, printed})));
  EXPECT_THAT(report.outcome.output, HasSubstr("a"));
}

TEST(Words, ThatAreNoneAreRefused) {
  for (const char* text : {"",
                           "{}",
                           "[]",
                           "null",
                           "1",
                           "{\"hello\":1,\"cancel\":\"x\"}",
                           "{\"fly\":1}",
                           "{\"hello\":\"x\"}",
                           "{\"run\":{}}",
                           "{\"run\":[]}",
                           "{\"cancel\":{}}",
                           "{\"cancel\":1}",
                           "{\"acknowledge\":\"1\"}",
                           "{\"acknowledge\":-1}",
                           "{\"hello\":1.5e300}",
                           "{\"hello\":1.0}",
                           "{\"hello\":4294967296}",
                           "{\"hello\":1",
                           "\xff",
                           "{\"standing\":{}}"}) {
    EXPECT_THROW(read_request(text), WordsError) << text;
  }
  EXPECT_THROW(
      read_answer("{\"standing\":{\"life\":1,\"jobs\":[{\"key\":\"a\",\"state\":\"b\"}]}}"),
      WordsError);
  EXPECT_THROW(read_request(std::string(100'000, '[')), WordsError);
}

TEST(Words, OfAnOperationStayWithinBounds) {
  const auto refused = [](const char* name, const nlohmann::json& value) {
    nlohmann::json all = nlohmann::json::parse(text_of(execute::Run{operation}));
    all["run"][name] = value;
    EXPECT_THROW(read_request(all.dump()), WordsError) << name << " " << value;
  };
  refused("timeout", -1);
  refused("interval", 1e300);
  refused("delay", ~std::uint64_t{0});
  refused("key", "");
  refused("key", std::string(key_max + 1, 'k'));
  refused("parameters", {{"only a name"}});
  refused("parameters", {{"a", 1}});
  refused("task", nullptr);
  refused("target", 1);
}

TEST(Words, OfATimeThatNobodyLivesToSeeAreOfACentury) {
  Operation patient = operation;
  patient.interval = milliseconds::max();
  const auto read = std::get<execute::Run>(read_request(text_of(execute::Run{patient})));
  EXPECT_EQ(read.operation.interval, std::chrono::hours(100 * 366 * 24));
}

TEST(Words, ThatAreRefusedAreNotTold) {
  try {
    read_request("{\"run\":{\"parameters\":[[\"passwd\",\"s3cret\"x");
    FAIL();
  } catch (const WordsError& error) {
    EXPECT_THAT(error.what(), Not(HasSubstr("s3cret")));
  }
}

}  // namespace
}  // namespace gyre::rm::execute
