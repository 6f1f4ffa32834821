#include "widgets/runs/config_diff.h"

#include <QCheckBox>
#include <QDialogButtonBox>
#include <QHeaderView>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QLabel>
#include <QTableWidget>
#include <QVBoxLayout>
#include <map>

namespace lvr {
namespace {

using Fields = std::map<QString, QString>;

QString textOf(const QJsonValue& value) {
    if (value.isString()) return value.toString();
    if (value.isBool()) return value.toBool() ? "true" : "false";
    if (value.isDouble()) return QString::number(value.toDouble(), 'g', 12);
    if (value.isArray())
        return QString::fromUtf8(QJsonDocument(value.toArray()).toJson(QJsonDocument::Compact));
    return {};
}

void collect(const QString& prefix, const QJsonObject& object, Fields& fields) {
    for (auto at = object.begin(); at != object.end(); ++at) {
        if (at.value().isObject())
            collect(prefix + at.key() + "/", at.value().toObject(), fields);
        else
            fields[prefix + at.key()] = textOf(at.value());
    }
}

}  // namespace

std::map<QString, QString> configOf(const RunInfo& info) {
    Fields fields;
    const auto json = QJsonDocument::fromJson(QByteArray::fromStdString(info.options));
    if (json.isObject())
        collect("", json.object(), fields);
    else if (!info.options.empty())
        fields["options"] = QString::fromStdString(info.options);
    const std::pair<const char*, std::string> more[] = {{"kind", info.kind},
                                                        {"model", info.parent},
                                                        {"model hash", info.parentHash},
                                                        {"data", info.data},
                                                        {"data hash", info.dataHash},
                                                        {"code version", info.codeVersion},
                                                        {"seed", std::to_string(info.seed)},
                                                        {"steps", std::to_string(info.steps)}};
    for (const auto& [name, value] : more) fields.try_emplace(name, QString::fromStdString(value));
    return fields;
}

std::vector<ConfigField> compareConfigs(const RunInfo& left, const RunInfo& right) {
    const auto a = configOf(left), b = configOf(right);
    auto names = a;
    names.insert(b.begin(), b.end());
    std::vector<ConfigField> fields;
    const auto in = [](const Fields& side, const QString& name) {
        const auto found = side.find(name);
        return found == side.end() ? QString() : found->second;
    };
    for (const auto& [name, value] : names) fields.push_back({name, in(a, name), in(b, name)});
    return fields;
}

ConfigDiffDialog::ConfigDiffDialog(const Run& left, const Run& right, QWidget* parent)
    : QDialog(parent),
      fields_(compareConfigs(left.info, right.info)),
      table_(new QTableWidget(this)),
      equal_(new QCheckBox(tr("Show what is &equal, too"), this)),
      note_(new QLabel(this)) {
    setWindowTitle(tr("Run %1 and run %2").arg(left.id).arg(right.id));
    setAttribute(Qt::WA_DeleteOnClose);
    resize(760, 460);
    build(left, right);
    fill();
    connect(equal_, &QCheckBox::toggled, this, &ConfigDiffDialog::fill);
}

void ConfigDiffDialog::build(const Run& left, const Run& right) {
    table_->setAccessibleName(tr("Configurations of two runs"));
    table_->setColumnCount(3);
    table_->setHorizontalHeaderLabels(
        {tr("Field"), tr("Run %1").arg(left.id), tr("Run %1").arg(right.id)});
    table_->setEditTriggers(QAbstractItemView::NoEditTriggers);
    table_->setSelectionBehavior(QAbstractItemView::SelectRows);
    table_->setAlternatingRowColors(true);
    table_->verticalHeader()->hide();
    table_->horizontalHeader()->setDefaultAlignment(Qt::AlignLeft | Qt::AlignVCenter);
    table_->horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
    table_->horizontalHeader()->setSectionResizeMode(0, QHeaderView::ResizeToContents);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto* column = new QVBoxLayout(this);
    column->addWidget(note_);
    column->addWidget(table_, 1);
    column->addWidget(equal_);
    column->addWidget(buttons);
}

void ConfigDiffDialog::fill() {
    table_->setRowCount(0);
    int differing = 0;
    for (const auto& field : fields_) {
        const bool same = field.left == field.right;
        differing += !same;
        if (same && !equal_->isChecked()) continue;
        const int row = table_->rowCount();
        table_->insertRow(row);
        int column = 0;
        for (const auto& text : {field.name, field.left, field.right}) {
            auto* item = new QTableWidgetItem(text);
            item->setToolTip(text);
            QFont font = item->font();
            font.setBold(!same && column > 0);
            item->setFont(font);
            table_->setItem(row, column++, item);
        }
    }
    note_->setText(differing == 0   ? tr("Both runs were told the same.")
                   : differing == 1 ? tr("One field differs.")
                                    : tr("%1 fields differ.").arg(differing));
}

}  // namespace lvr
