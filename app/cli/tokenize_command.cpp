#include <CLI/CLI.hpp>
#include <iostream>
#include <nlohmann/json.hpp>

#include "app/cli/command.h"
#include "app/engine/tiny_model.h"
#include "core/checkpoint/hf_folder.h"
#include "core/text/tokenizer.h"

namespace lvr {

void addTokenizeCommand(CLI::App& app) {
    struct Arguments {
        std::string model, text;
        bool json = false;
    };
    auto a = std::make_shared<Arguments>();
    auto* command =
        app.add_subcommand("tokenize", "Show a text's token ids, special tokens recognised");
    command->add_option("--model", a->model,
                        "Checkpoint folder or cached repo id (default: the shipped tiny model)");
    command->add_flag("--json", a->json, "Print {\"ids\": [...], \"tokens\": [...]}");
    command->add_option("text", a->text, "Text, or @FILE; @@ for a text that begins with @")
        ->required();
    command->footer("Example: lvr tokenize \"<|lvr_start|> red\"");
    command->callback([a] {
        const auto tokenizer =
            Tokenizer::open(findCheckpoint(a->model.empty() ? tinyModelFolder() : a->model));
        const auto ids = tokenizer.encode(questionText(a->text));
        std::vector<std::string> tokens;
        for (const auto id : ids) tokens.push_back(tokenizer.decode({id}));
        if (a->json) {
            std::cout << nlohmann::ordered_json{{"ids", ids}, {"tokens", tokens}}.dump() << "\n";
            return;
        }
        for (std::size_t i = 0; i < ids.size(); ++i)
            std::cout << ids[i] << "\t" << nlohmann::json(tokens[i]).dump() << "\n";
    });
}

}  // namespace lvr
