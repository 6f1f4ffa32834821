#include "app/causal/diagnose_command_text.h"

#include <algorithm>

namespace lvr {
namespace {

// As a shell reads it back.
std::string quoted(const std::string& text) {
    const auto isPlain = [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '/' || c == '.' || c == '-' || c == '_' || c == ':' ||
               c == ',' || c == '@' || c == '#' || c == '=';
    };
    if (!text.empty() && std::ranges::all_of(text, isPlain)) return text;
    std::string out = "'";
    for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return out + "'";
}

// A question that begins with @ would be a file's name.
std::string quotedText(const std::string& text) {
    return quoted(text.starts_with('@') ? "@" + text : text);
}

std::string listOf(const std::vector<Intervention>& interventions) {
    std::string list;
    for (const auto& each : interventions) list += (list.empty() ? "" : ",") + toText(each);
    return list;
}

std::string modelFlags(const DiagnosedModel& model) {
    return model.isShipped ? std::string() : " --model " + quoted(model.name);
}

// What differs from the model's own; a yes or no is a flag.
std::string decodeFlags(const DecodeOptions& options, const DecodeOptions& offered) {
    std::string flags;
    const auto own = optionTexts(offered);
    for (const auto& field : optionTexts(options)) {
        if (std::ranges::find(own, field) != own.end()) continue;
        const auto& [name, value] = field;
        if (name.starts_with("force-"))
            flags += value == "yes" ? " --" + name : " --no-" + name;
        else
            flags += " --" + name + " " + quoted(value);
    }
    return flags;
}

}  // namespace

QString panelCommand(const DiagnosedModel& model, const PanelRequest& request,
                     const QString& picture) {
    const CausalQuestion& asked = request.question;
    std::string command = "lvr diagnose" + modelFlags(model) + " --image " +
                          quoted(picture.toStdString()) + " --question " +
                          quotedText(asked.question.text);
    if (!asked.expected.empty()) command += " --expected " + quotedText(asked.expected);
    if (request.otherQuestion)
        command += " --other-question " + quotedText(request.otherQuestion->question.text);
    command += " --interventions " + listOf(request.interventions);
    return QString::fromStdString(command + decodeFlags(request.options, model.offered));
}

QString setCommand(const DiagnosedModel& model, const SetChoice& choice,
                   const std::vector<Intervention>& interventions, const DecodeOptions& options) {
    std::string command = "lvr diagnose" + modelFlags(model);
    if (choice.file.empty())
        command +=
            " --data " + quoted("scenes:" + choice.kind) + " --seed " + std::to_string(choice.seed);
    else
        command += " --data " + quoted(choice.file);
    if (!choice.imageRoot.empty()) command += " --image-root " + quoted(choice.imageRoot);
    command +=
        " --count " + std::to_string(choice.count) + " --interventions " + listOf(interventions);
    return QString::fromStdString(command + decodeFlags(options, model.offered));
}

}  // namespace lvr
