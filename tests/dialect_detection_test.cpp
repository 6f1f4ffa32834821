// What a folder says of how its model thinks (tests/goldens/dialects/detection.json).

#include <QtTest>

#include "core/checkpoint/dialect_of.h"
#include "core/error.h"
#include "tests/support/goldens.h"

using namespace lvr;

namespace {

struct Folder {
    Json config = Json::object(), generation = Json::object(), tokens = Json::object();

    FoundDialect dialect(const std::string& asked = {}, const std::string& sidecar = {}) const {
        const JsonFields fields(config, "config.json");
        const JsonFields generated(generation, "generation_config.json");
        const auto idOf = [&](const std::string& token) -> std::optional<std::int64_t> {
            if (!tokens.contains(token)) return std::nullopt;
            return tokens[token].get<std::int64_t>();
        };
        return dialectOf(
            {.config = fields, .generation = generated, .idOf = idOf, .sidecar = sidecar}, asked);
    }

    QString refusal(const std::string& asked = {}) const {
        try {
            dialect(asked);
        } catch (const Error& error) {
            return error.what();
        }
        return {};
    }
};

const Folder kMonet{
    .tokens = {{"<abs_vis_token_pad>", 7}, {"<abs_vis_token>", 8}, {"</abs_vis_token>", 9}}};

}  // namespace

class DialectDetectionTest : public QObject {
    Q_OBJECT

private Q_SLOTS:
    void eachFolderIsKnownByWhatItsMethodWrites() {
        for (const auto& c : golden::json("dialects/detection.json")["cases"]) {
            const Folder folder{c["config"], c["generation_config"], c["added_tokens"]};
            const auto found = folder.dialect();
            const auto expected = c["expect"].get<std::string>();
            const auto told = c.dump() + " is " + found.choice.name;
            const bool mayBeMirage = expected == "ilvr or mirage";
            QVERIFY2(found.choice.name == (mayBeMirage ? "ilvr" : expected), told.c_str());
            QVERIFY2(found.choice.warnings.empty() != mayBeMirage, told.c_str());
            const auto decided = c["decided_by"].get<std::string>();
            const auto source = decided.starts_with("config")        ? "config.json"
                                : decided.starts_with("added-token") ? "tokenizer has"
                                                                     : "names a method";
            QVERIFY2(found.choice.reason.find(source) != std::string::npos,
                     found.choice.reason.c_str());
        }
    }

    void fieldsInTextConfigCountToo() {
        const Folder folder{.config = {{"text_config",
                                        {{"skila_id", 7},
                                         {"sketch_start_id", 8},
                                         {"sketch_end_id", 9},
                                         {"sketch_token_num", 5}}}}};
        const auto found = folder.dialect();
        QCOMPARE(found.dialect.name, std::string("skila"));
        QCOMPARE(found.dialect.count, 10);
        QCOMPARE(found.start.configured, std::optional<std::int64_t>(8));
    }

    void whatSomebodySaysWins() {
        QCOMPARE(kMonet.dialect().dialect.name, std::string("monet"));
        QCOMPARE(kMonet.dialect("plain").dialect.name, std::string("plain"));
        QCOMPARE(kMonet.dialect({}, "plain").dialect.name, std::string("plain"));
        QCOMPARE(kMonet.dialect("monet", "plain").dialect.name, std::string("monet"));
        QVERIFY(kMonet.dialect("monet").choice.isAsked);
    }

    void anUnknownNameIsRefusedWithTheNearest() {
        const auto refusal = kMonet.refusal("monnet");
        QVERIFY2(refusal.contains("\"monet\"") && refusal.contains("swimbird"),
                 qPrintable(refusal));
    }

    void aDialectNeedsItsTokens() {
        const auto refusal = kMonet.refusal("hylar");
        QVERIFY2(refusal.contains("<|canvas_start|>, <|canvas|>, <|canvas_end|>"),
                 qPrintable(refusal));
        // Rows that are there but have no name, in the order in which the method adds its tokens.
        const auto found = kMonet.dialect("hylar:20");
        QCOMPARE(found.latent.configured, std::optional<std::int64_t>(20));
        QCOMPARE(found.start.configured, std::optional<std::int64_t>(21));
        QCOMPARE(kMonet.dialect("laser:20").start.configured, std::optional<std::int64_t>(20));
        QVERIFY(kMonet.refusal("hylar:x").contains("behind the colon"));
    }

    void idsThatSomebodySaysAreInTheMethodsOrder() {
        const Folder bare;
        const auto lvr = bare.dialect("lvr:20");
        QCOMPARE(lvr.start.configured, std::optional<std::int64_t>(20));
        QCOMPARE(lvr.latent.configured, std::optional<std::int64_t>(21));
        QCOMPARE(lvr.latentEnd->configured, std::optional<std::int64_t>(22));
        QCOMPARE(lvr.end.configured, std::optional<std::int64_t>(23));
        const auto realvr = bare.dialect("realvr:20");  // it adds three
        QCOMPARE(realvr.end.configured, std::optional<std::int64_t>(22));
        for (const auto* id : {"9223372036854775807", "99999999999999999999", "-1", ""})
            QVERIFY(bare.refusal(std::string("monet:") + id).contains("behind the colon"));
        const auto elsewhere = kMonet.refusal("monet:20");
        QVERIFY2(elsewhere.contains("<abs_vis_token_pad> as id 7") && elsewhere.contains("20"),
                 qPrintable(elsewhere));
        QCOMPARE(kMonet.dialect("monet:7").start.configured, std::optional<std::int64_t>(8));
    }

    void aSidecarThatNamesNoMethodIsNamed() {
        try {
            kMonet.dialect({}, "foo");
            QFAIL("it was taken");
        } catch (const Error& error) {
            const QString text = error.what();
            QVERIFY2(text.startsWith("lvr_workbench.json: dialect: ") && text.contains("foo"),
                     qPrintable(text));
        }
    }

    void aCountThatIsNoneIsRefused() {
        const Folder folder{
            .config = {{"canvas_id", 7}, {"canvas_token_num", 0}},
            .tokens = {{"<|canvas|>", 7}, {"<|canvas_start|>", 8}, {"<|canvas_end|>", 9}}};
        const auto refusal = folder.refusal();
        QVERIFY2(refusal.contains("canvas_token_num"), qPrintable(refusal));
    }

    void anchorsAreSaidToBeNoLatents() {
        const Folder folder{.tokens = {{"<|anchor_start|>", 7}, {"<|anchor_end|>", 8}}};
        const auto found = folder.dialect();
        QCOMPARE(found.dialect.name, std::string("plain"));
        QVERIFY(found.choice.warnings.front().find("nothing is fed back") != std::string::npos);
        const Folder lavit{.config = {{"v_top_dim", 5120}}};
        QCOMPARE(lavit.dialect().dialect.name, std::string("plain"));
        QCOMPARE(lavit.dialect().choice.warnings.size(), std::size_t{1});
        const Folder named{.tokens = {{"<lvr1>", 7}, {"<lvr2>", 8}}};
        QVERIFY(named.dialect().choice.warnings.front().find("LaViT") != std::string::npos);
    }

    void aLoopThatIsNotBuiltInIsRefused() {
        const Folder folder{.config = {{"ell_star", 20}, {"num_recurrent_steps", 4}}};
        QVERIFY(folder.refusal().contains("CVRR"));
        const Folder sketchpad{.config = {{"architectures", {"UniQwenForConditionalGeneration"}}}};
        QVERIFY(sketchpad.refusal().contains("Latent Sketchpad"));
        const Folder ivtLr{
            .tokens = {{"<|latent|>", 7}, {"<|start-latent|>", 8}, {"<|end-latent|>", 9}}};
        QVERIFY(ivtLr.refusal().contains("IVT-LR"));
    }
};

QTEST_GUILESS_MAIN(DialectDetectionTest)
#include "dialect_detection_test.moc"
