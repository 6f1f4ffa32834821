#include "app/causal/diagnose_command_text.h"

#include <algorithm>
#include <cctype>

#include "core/values/option_field.h"

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

std::string listOf(const std::vector<std::string>& texts) {
    std::string list;
    for (const auto& each : texts) list += (list.empty() ? "" : ",") + each;
    return list;
}

std::string listOf(const std::vector<Intervention>& interventions) {
    std::vector<std::string> texts;
    for (const auto& each : interventions) texts.push_back(toText(each));
    return listOf(texts);
}

std::string textOf(const Box& box) {
    std::string text = numberText(box.x0) + "," + numberText(box.y0) + "," + numberText(box.x1) +
                       "," + numberText(box.y1);
    return box.image == 0 ? text : text + "," + std::to_string(box.image);
}

std::string boxFlags(const std::string& flag, const std::vector<Box>& boxes) {
    std::string flags;
    for (const Box& box : boxes) flags += flag + textOf(box);
    return flags;
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
                     const QStringList& pictures) {
    const CausalQuestion& asked = request.question;
    std::string command = "lvr diagnose" + modelFlags(model);
    const auto own = static_cast<qsizetype>(asked.question.images.size());
    for (qsizetype i = 0; i < pictures.size(); ++i)
        command +=
            (i < own ? " --image " : " --other-picture ") + quoted(pictures[i].toStdString());
    command += " --question " + quotedText(asked.question.text);
    if (!asked.expected.empty()) command += " --expect " + quoted(asked.expected);
    command += boxFlags(" --target ", asked.targets);
    if (!asked.candidates.empty()) command += " --candidates " + quoted(listOf(asked.candidates));
    if (request.otherQuestion)
        command += " --other-question " + quotedText(request.otherQuestion->question.text);
    for (const auto& each : request.interventions)
        if (!each.regions.empty()) {  // all have the same, those that are drawn
            command += boxFlags(" --region ", each.regions);
            break;
        }
    command += " --interventions " + listOf(request.interventions);
    return QString::fromStdString(command + decodeFlags(request.options, model.offered));
}

QString setCommand(const DiagnosedModel& model, const SetChoice& choice,
                   const std::vector<Intervention>& interventions, const DecodeOptions& options) {
    std::string command = "lvr diagnose" + modelFlags(model);
    command += " --data " + quoted(choice.file.empty() ? "scenes:" + choice.kind : choice.file) +
               " --seed " + std::to_string(choice.seed);
    command +=
        " --count " + std::to_string(choice.count) + " --interventions " + listOf(interventions);
    command += decodeFlags(options, model.offered) + " --out report.html";
    return QString::fromStdString(command);
}

}  // namespace lvr
