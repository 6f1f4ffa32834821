#pragma once

#include <QWidget>
#include <vector>

class QGridLayout;
class QToolButton;

namespace lvr {

// A heading that opens and closes the plots below it, in as many columns as there is room for.
class CurveGroup : public QWidget {
    Q_OBJECT
public:
    explicit CurveGroup(const QString& title, QWidget* parent = nullptr);
    void add(QWidget* plot);  // owns it
    void arrange();           // after plots were shown or hidden; an empty group hides itself

protected:
    void resizeEvent(QResizeEvent* event) override;

private:
    QString title_;
    QToolButton* head_;
    QWidget* body_;
    QGridLayout* grid_;
    std::vector<QWidget*> plots_;
    int columns_ = 0;
};

}  // namespace lvr
