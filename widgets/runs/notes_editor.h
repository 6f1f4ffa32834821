#pragma once

#include <QPlainTextEdit>
#include <QTimer>

namespace lvr {

// What somebody writes about a run. It is told shortly after the last letter, when the keyboard
// goes elsewhere and before another run is shown: nothing typed is lost.
class NotesEditor : public QPlainTextEdit {
    Q_OBJECT
public:
    explicit NotesEditor(QWidget* parent = nullptr);
    // As the store has them now; what is being typed stays.
    void show(std::int64_t run, const QString& notes);
    using QWidget::show;

Q_SIGNALS:
    void written(std::int64_t run, const QString& notes);

protected:
    void focusOutEvent(QFocusEvent* event) override;
    void hideEvent(QHideEvent* event) override;

private:
    void tell();

    std::int64_t run_ = 0;
    QString stored_;  // as shown or told last
    QTimer soon_;
};

}  // namespace lvr
