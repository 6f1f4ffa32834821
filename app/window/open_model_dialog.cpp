#include "app/window/open_model_dialog.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QListWidget>
#include <QPushButton>

#include "widgets/typed_path.h"

namespace lvr {

OpenModelDialog::OpenModelDialog(const ModelPlace& place, QWidget* parent) : QDialog(parent) {
    setWindowTitle(tr("Open model"));
    resize(560, 420);
    build();
    device_->setCurrentText(QString::fromStdString(place.device));
    dtype_->setCurrentText(QString::fromStdString(place.dtype));
    connect(list_, &QListWidget::itemDoubleClicked, this, &QDialog::accept);
    connect(list_, &QListWidget::itemSelectionChanged, this, [this] {
        if (!list_->selectedItems().isEmpty()) folder_->clear();
        updateOpenButton();
    });
    connect(folder_, &QLineEdit::textChanged, this, [this](const QString& text) {
        if (!text.isEmpty()) list_->clearSelection();
        updateOpenButton();
    });
    connect(this, &QDialog::accepted, this, [this] { Q_EMIT chosen(wish()); });
}

ModelWish OpenModelDialog::wish() const {
    const auto selected = list_->selectedItems();
    const QString name =
        selected.isEmpty() ? typedPath(folder_) : selected.first()->data(Qt::UserRole).toString();
    const auto said = [](const QComboBox* choice) {
        const QString text = choice->currentText().trimmed();
        return text.isEmpty() ? std::string("auto") : text.toStdString();
    };
    return {name.toStdString(), {.dtype = said(dtype_), .device = said(device_)}};
}

// What the choices mean is the engine's to say, also of a cuda:1 that is typed.
QComboBox* OpenModelDialog::addChoice(QHBoxLayout& row, const QString& label,
                                      const QStringList& values) {
    auto* name = new QLabel(label, this);
    auto* choice = new QComboBox(this);
    choice->setEditable(true);
    choice->addItems(values);
    choice->setAccessibleName(QString(label).remove('&').remove(':'));
    name->setBuddy(choice);
    row.addWidget(name);
    row.addWidget(choice, 1);
    return choice;
}

QHBoxLayout* OpenModelDialog::makePlaceRow() {
    auto* row = new QHBoxLayout;
    device_ = addChoice(*row, tr("Compute&d on:"), {"auto", "cpu", "cuda"});
    device_->setToolTip(
        tr("auto: a GPU that the model fits into, else the CPU; cuda:1 is the second GPU"));
    dtype_ = addChoice(*row, tr("&Numbers:"), {"auto", "float32", "bfloat16"});
    dtype_->setToolTip(tr("auto: as stored where this machine computes that well, else float32"));
    return row;
}

void OpenModelDialog::build() {
    auto* cached = new QLabel(tr("&Shipped, and in the Hugging Face cache of this machine:"), this);
    list_ = new QListWidget(this);
    list_->setAccessibleName(tr("Models on this machine"));
    cached->setBuddy(list_);
    note_ = new QLabel(tr("Looking into the cache…"), this);
    note_->setWordWrap(true);
    auto* label = new QLabel(tr("&Folder with config.json and model.safetensors (or shards), or a "
                                "repo id such as Qwen/Qwen2.5-VL-3B-Instruct:"),
                             this);
    label->setWordWrap(true);
    folder_ = new QLineEdit(this);
    folder_->setAccessibleName(tr("Folder or repo id"));
    label->setBuddy(folder_);
    auto* choose = new QPushButton(tr("&Choose…"), this);
    connect(choose, &QPushButton::clicked, this, &OpenModelDialog::chooseFolder);
    auto* row = new QHBoxLayout;
    row->addWidget(folder_, 1);
    row->addWidget(choose);
    auto* buttons = new QDialogButtonBox(QDialogButtonBox::Open | QDialogButtonBox::Cancel, this);
    open_ = buttons->button(QDialogButtonBox::Open);
    connect(buttons, &QDialogButtonBox::accepted, this, &QDialog::accept);
    connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
    auto* column = new QVBoxLayout(this);
    for (QWidget* widget : std::initializer_list<QWidget*>{cached, list_, note_, label})
        column->addWidget(widget);
    column->addLayout(row);
    column->addLayout(makePlaceRow());
    column->addWidget(buttons);
    showCached({});
    note_->setText(tr("Looking into the cache…"));
}

void OpenModelDialog::showCached(const std::vector<std::string>& checkpoints) {
    list_->clear();
    auto* tiny = new QListWidgetItem(tr("Tiny model (shipped; knows drawn scenes)"), list_);
    tiny->setData(Qt::UserRole, QString());
    for (const std::string& name : checkpoints) {
        auto* item = new QListWidgetItem(QString::fromStdString(name), list_);
        item->setData(Qt::UserRole, QString::fromStdString(name));
    }
    note_->setText(checkpoints.empty()
                       ? tr("The cache holds no Qwen2.5-VL or LVR checkpoint. Nothing is ever "
                            "downloaded from here: fetch one with huggingface-cli download.")
                       : tr("Nothing is ever downloaded from here."));
    list_->setCurrentRow(0);
    updateOpenButton();
}

void OpenModelDialog::chooseFolder() {
    auto* dialog = new QFileDialog(this, tr("Model folder"), typedPath(folder_));
    dialog->setAttribute(Qt::WA_DeleteOnClose);
    dialog->setFileMode(QFileDialog::Directory);
    dialog->setOption(QFileDialog::ShowDirsOnly);
    connect(dialog, &QFileDialog::fileSelected, folder_, &QLineEdit::setText);
    dialog->open();
}

void OpenModelDialog::updateOpenButton() {
    open_->setEnabled(!list_->selectedItems().isEmpty() || !typedPath(folder_).isEmpty());
}

}  // namespace lvr
